"""One function per promise, one file per kind; `mertk.testing.suite` lists them."""
