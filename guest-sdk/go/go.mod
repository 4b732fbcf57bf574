module reentry

go 1.24
