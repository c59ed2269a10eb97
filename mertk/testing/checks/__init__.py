"""One function per check, one file per kind; `mertk.testing.suite` lists them."""
