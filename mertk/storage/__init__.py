"""What is on disk: cache, ledger, identity, fitted components; written whole or not at all."""
