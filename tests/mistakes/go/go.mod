module mistakes

go 1.24

require reentry v0.0.0

replace reentry => ../../../guest-sdk/go
