"""The components that mertk ships. They come in through the entry point that strangers use."""
