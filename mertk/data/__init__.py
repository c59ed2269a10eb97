"""Parts that readers of data sets share: frames on disk, spreadsheets, AU codes, layouts."""
