module {{name}}

go 1.24

require reentry v0.0.0

replace reentry => ./sdk
