"""Storage: cache, ledger, identity, fitted components; files are written whole or not at all."""
