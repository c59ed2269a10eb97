"""`python -m mertk` is `mertk`."""

from mertk.cli import main

if __name__ == "__main__":
    main()
