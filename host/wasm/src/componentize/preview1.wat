;; WASI preview 1 for steps: what the libraries of C, C++, Go and others link against, answered with the contract alone.
;;
;; Standard output and error are lines of the run's log, clock and randomness are the host's, arguments and environment
;; are empty, and there are no files. docs/decisions/0013-preview1-adapter.md says why it is like this.
;;
;; What a program writes to standard error before it exits is its last words: they go to the log with the field `panic`, and the
;; host fails the call with them. What the runtime of Go says when it crashes is logged so at once, as it traps without an exit.
;;
;; Nothing here stays in the guest's memory, and no function of the guest is called. What has to be there while the
;; host looks at it is put there for the length of one call, and what was there before is put back.
(module
  (type $b1 (func (param i32) (result i32)))
  (type $b2 (func (param i32 i32) (result i32)))
  (type $b3 (func (param i32 i32 i32) (result i32)))
  (type $b4 (func (param i32 i32 i32 i32) (result i32)))
  (type $b5 (func (param i32 i32 i32 i32 i32) (result i32)))
  (type $b6 (func (param i32 i32 i32 i32 i32 i32) (result i32)))
  (type $b7 (func (param i32 i32 i32 i32 i32 i32 i32) (result i32)))

  (import "env" "memory" (memory $guest 0))
  (import "reentry:step/host@0.1.0" "log" (func $log
    (param $level i32) (param $message i32) (param $length i32) (param $has_fields i32) (param i32 i32)))
  (import "reentry:step/host@0.1.0" "now" (func $now (result i64)))
  (import "reentry:step/host@0.1.0" "random" (func $random (param $length i32) (param $list i32)))

  ;; Addresses in $own:
  ;;      0  the line of standard output that is not yet ended, at most 4096 bytes
  ;;   4096  that of standard error
  ;;   8192  what a line displaces in the guest's memory while the host reads it
  ;;  12288  lengths of the two lines, and of the last words
  ;;  12300  of the last words: 0 they are a line, 1 what a crash says and is logged already, 2 why one follows; whether a place of the
  ;;         step comes next; whether there is one; whether what follows is a dump of the runtime's
  ;;  12304  texts; the digits of an exit code follow the first
  ;;  16384  the last words, at most 4000 bytes
  (memory $own 1)
  (data (memory $own) (i32.const 12304) "a step ends by returning, but this one called exit with code ")
  (data (memory $own) (i32.const 12400)
    "a step cannot sleep or poll within a call: it suspends, as its SDK's sleep does, and the host waits")
  (data (memory $own) (i32.const 12512) ", after it had written to standard error: ")
  (data (memory $own) (i32.const 12560) "{\22panic\22: true}")
  (data (memory $own) (i32.const 12576) "panic: fatal error: main., at ")

  ;; Where the next random bytes go. `random` returns a list, for which the host asks the adapter for room.
  (global $random_to (mut i32) (i32.const 0))
  (func (export "cabi_import_realloc") (param i32 i32 i32 i32) (result i32)
    (global.get $random_to))

  ;; ---- the log ----

  ;; Length of the UTF-8 sequence at $at, or 0 if there is none that is whole before $end.
  (func $sequence (param $at i32) (param $end i32) (result i32)
    (local $lead i32) (local $length i32) (local $lowest i32) (local $highest i32) (local $second i32)
    (local.set $lead (i32.load8_u $own (local.get $at)))
    (if (i32.lt_u (local.get $lead) (i32.const 0x80)) (then (return (i32.const 1))))
    (if (i32.or (i32.lt_u (local.get $lead) (i32.const 0xc2)) (i32.gt_u (local.get $lead) (i32.const 0xf4)))
      (then (return (i32.const 0))))
    (local.set $length (i32.add (i32.const 2) (i32.add
      (i32.ge_u (local.get $lead) (i32.const 0xe0)) (i32.ge_u (local.get $lead) (i32.const 0xf0)))))
    (if (i32.gt_u (i32.add (local.get $at) (local.get $length)) (local.get $end)) (then (return (i32.const 0))))
    ;; Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte.
    (local.set $lowest (i32.const 0x80))
    (local.set $highest (i32.const 0xbf))
    (if (i32.eq (local.get $lead) (i32.const 0xe0)) (then (local.set $lowest (i32.const 0xa0))))
    (if (i32.eq (local.get $lead) (i32.const 0xed)) (then (local.set $highest (i32.const 0x9f))))
    (if (i32.eq (local.get $lead) (i32.const 0xf0)) (then (local.set $lowest (i32.const 0x90))))
    (if (i32.eq (local.get $lead) (i32.const 0xf4)) (then (local.set $highest (i32.const 0x8f))))
    (local.set $second (i32.load8_u $own offset=1 (local.get $at)))
    (if (i32.or (i32.lt_u (local.get $second) (local.get $lowest)) (i32.gt_u (local.get $second) (local.get $highest)))
      (then (return (i32.const 0))))
    (if (i32.gt_u (local.get $length) (i32.const 2))
      (then (if (i32.eqz (call $continues (i32.load8_u $own offset=2 (local.get $at)))) (then (return (i32.const 0))))))
    (if (i32.gt_u (local.get $length) (i32.const 3))
      (then (if (i32.eqz (call $continues (i32.load8_u $own offset=3 (local.get $at)))) (then (return (i32.const 0))))))
    (local.get $length))

  (func $continues (param $byte i32) (result i32)
    (i32.eq (i32.and (local.get $byte) (i32.const 0xc0)) (i32.const 0x80)))

  ;; Puts a question mark in the place of each byte that is not part of UTF-8: a string that is none would end the call.
  (func $make_utf8 (param $at i32) (param $end i32)
    (local $length i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $length (call $sequence (local.get $at) (local.get $end)))
      (if (i32.eqz (local.get $length)) (then
        (i32.store8 $own (local.get $at) (i32.const 0x3f))
        (local.set $length (i32.const 1))))
      (local.set $at (i32.add (local.get $at) (local.get $length)))
      (br $next))))

  ;; Logs a text that lies in $own. The last $fields bytes of it are the fields of the line.
  (func $log_with_fields (param $level i32) (param $at i32) (param $length i32) (param $fields i32)
    (local $message i32)
    (local.set $message (i32.sub (local.get $length) (local.get $fields)))
    (call $make_utf8 (local.get $at) (i32.add (local.get $at) (local.get $message)))
    (memory.copy $own $guest (i32.const 8192) (i32.const 0) (local.get $length))
    (memory.copy $guest $own (i32.const 0) (local.get $at) (local.get $length))
    (call $log (local.get $level) (i32.const 0) (local.get $message)
      (i32.ne (local.get $fields) (i32.const 0)) (local.get $message) (local.get $fields))
    (memory.copy $guest $own (i32.const 0) (i32.const 8192) (local.get $length)))

  (func $log_own (param $level i32) (param $at i32) (param $length i32)
    (call $log_with_fields (local.get $level) (local.get $at) (local.get $length) (i32.const 0)))

  ;; ---- last words ----

  (func $words_length (result i32) (i32.load $own (i32.const 12296)))

  ;; Adds to the last words as much of a text as there is room for.
  (func $add_words (param $at i32) (param $length i32)
    (local $room i32)
    (local.set $room (i32.sub (i32.const 4000) (call $words_length)))
    (if (i32.gt_u (local.get $length) (local.get $room)) (then (local.set $length (local.get $room))))
    (memory.copy $own $own (i32.add (i32.const 16384) (call $words_length)) (local.get $at) (local.get $length))
    (i32.store $own (i32.const 12296) (i32.add (call $words_length) (local.get $length))))

  ;; Begins the last words with a text, which is of this kind.
  (func $set_words (param $kind i32) (param $at i32) (param $length i32)
    (i32.store $own (i32.const 12300) (local.get $kind))
    (i32.store $own (i32.const 12296) (i32.const 0))
    (call $add_words (local.get $at) (local.get $length)))

  ;; Whether the line of standard error begins with a text of this length at $at.
  (func $begins_with (param $at i32) (param $length i32) (result i32)
    (local $k i32)
    (if (i32.lt_u (i32.load $own (i32.const 12292)) (local.get $length)) (then (return (i32.const 0))))
    (loop $next
      (if (i32.ne
            (i32.load8_u $own (i32.add (local.get $at) (local.get $k)))
            (i32.load8_u $own offset=4096 (local.get $k)))
        (then (return (i32.const 0))))
      (local.set $k (i32.add (local.get $k) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $k) (local.get $length))))
    (i32.const 1))

  (func $log_words
    (memory.copy $own $own (i32.add (i32.const 16384) (call $words_length)) (i32.const 12560) (i32.const 15))
    (call $log_with_fields (i32.const 4) (i32.const 16384) (i32.add (call $words_length) (i32.const 15)) (i32.const 15)))

  ;; Takes a line of standard error for the last words, if it is that: the last line, or what the runtime of Go says when it crashes,
  ;; with the first place of package main in the traces that follow. Returns 1 for a line that needs not be logged any more.
  (func $note_line (result i32)
    (local $kind i32) (local $length i32) (local $fatal i32)
    (local.set $length (i32.load $own (i32.const 12292)))
    (local.set $kind (i32.load8_u $own (i32.const 12300)))
    (local.set $fatal (call $begins_with (i32.const 12583) (i32.const 13)))
    (if (i32.or (local.get $fatal) (call $begins_with (i32.const 12576) (i32.const 7))) (then
      (if (i32.ne (local.get $kind) (i32.const 2))
        (then (call $set_words (i32.const 1) (i32.const 4096) (local.get $length))))
      ;; After a fatal error comes nothing but the state of all goroutines.
      (i32.store8 $own (i32.const 12303) (local.get $fatal))
      (call $log_words)
      (return (i32.const 1))))
    (if (i32.eqz (i32.or (local.get $kind) (i32.load8_u $own (i32.const 12303)))) (then
      (if (local.get $length) (then (call $set_words (i32.const 0) (i32.const 4096) (local.get $length))))
      (return (i32.const 0))))
    (if (i32.and (i32.load8_u $own (i32.const 12301)) (i32.eq (i32.load8_u $own (i32.const 4096)) (i32.const 0x09)))
      (then (call $note_place (local.get $length))))
    (i32.store8 $own (i32.const 12301) (call $begins_with (i32.const 12596) (i32.const 5)))
    (i32.load8_u $own (i32.const 12303)))

  ;; Adds the file and line of a line of a trace, `\tmodule/step.go:12 +0x3`, if it is the first one.
  (func $note_place (param $end i32)
    (local $at i32) (local $start i32) (local $byte i32)
    (if (i32.load8_u $own (i32.const 12302)) (then (return)))
    (i32.store8 $own (i32.const 12302) (i32.const 1))
    (local.set $start (i32.const 1))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $byte (i32.load8_u $own offset=4096 (local.get $at)))
      (br_if $done (i32.eq (local.get $byte) (i32.const 0x20)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (if (i32.eq (local.get $byte) (i32.const 0x2f)) (then (local.set $start (local.get $at))))
      (br $next)))
    (call $add_words (i32.const 12601) (i32.const 5))
    (call $add_words (i32.add (i32.const 4096) (local.get $start)) (i32.sub (local.get $at) (local.get $start)))
    (call $log_words))

  ;; Place of a stream's length, and of its line. 1 is standard output, 2 is standard error.
  (func $length_at (param $fd i32) (result i32)
    (i32.add (i32.const 12284) (i32.mul (local.get $fd) (i32.const 4))))
  (func $line_at (param $fd i32) (result i32)
    (i32.mul (i32.sub (local.get $fd) (i32.const 1)) (i32.const 4096)))

  ;; Logs the line as far as it is there. Output has level info, 2, and error has level warn, 3.
  (func $end_line (param $fd i32)
    (local $taken i32)
    (if (i32.eq (local.get $fd) (i32.const 2)) (then (local.set $taken (call $note_line))))
    (if (i32.eqz (local.get $taken)) (then
      (call $log_own (i32.add (local.get $fd) (i32.const 1))
        (call $line_at (local.get $fd)) (i32.load $own (call $length_at (local.get $fd))))))
    (i32.store $own (call $length_at (local.get $fd)) (i32.const 0)))

  ;; Logs the rest of a line, if there is one.
  (func $flush (param $fd i32)
    (if (i32.load $own (call $length_at (local.get $fd))) (then (call $end_line (local.get $fd)))))

  (func $put (param $fd i32) (param $byte i32)
    (local $length i32)
    (if (i32.eq (local.get $byte) (i32.const 0x0a)) (then (call $end_line (local.get $fd)) (return)))
    (local.set $length (i32.load $own (call $length_at (local.get $fd))))
    ;; A line that fills its room is cut before a character, the longest of which has four bytes.
    (if (i32.or
          (i32.ge_u (local.get $length) (i32.const 4096))
          (i32.and (i32.ge_u (local.get $length) (i32.const 4093)) (i32.eqz (call $continues (local.get $byte)))))
      (then (call $end_line (local.get $fd)) (local.set $length (i32.const 0))))
    (i32.store8 $own (i32.add (call $line_at (local.get $fd)) (local.get $length)) (local.get $byte))
    (i32.store $own (call $length_at (local.get $fd)) (i32.add (local.get $length) (i32.const 1))))

  (func $is_output (param $fd i32) (result i32)
    (i32.lt_u (i32.sub (local.get $fd) (i32.const 1)) (i32.const 2)))

  (func (export "fd_write") (param $fd i32) (param $vectors i32) (param $count i32) (param $written i32) (result i32)
    (local $at i32) (local $end i32) (local $sum i32)
    (if (i32.eqz (call $is_output (local.get $fd))) (then (return (i32.const 8))))
    (block $done (loop $next_vector
      (br_if $done (i32.eqz (local.get $count)))
      (local.set $at (i32.load (local.get $vectors)))
      (local.set $end (i32.add (local.get $at) (i32.load offset=4 (local.get $vectors))))
      (local.set $sum (i32.add (local.get $sum) (i32.load offset=4 (local.get $vectors))))
      (block $empty (loop $next_byte
        (br_if $empty (i32.ge_u (local.get $at) (local.get $end)))
        (call $put (local.get $fd) (i32.load8_u (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next_byte)))
      (local.set $vectors (i32.add (local.get $vectors) (i32.const 8)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $next_vector)))
    (i32.store (local.get $written) (local.get $sum))
    (i32.const 0))

  ;; What a step prints last need not end a line. Its SDK asks for that rest with fsync when a call ends.
  (func $sync (export "fd_sync") (export "fd_datasync") (param $fd i32) (result i32)
    (if (i32.eqz (call $is_output (local.get $fd))) (then (return (i32.const 8))))
    (call $flush (local.get $fd))
    (if (i32.eq (local.get $fd) (i32.const 2)) (then
      ;; A program that went on without the sleep that it was refused did what nobody meant.
      (if (i32.eq (i32.load8_u $own (i32.const 12300)) (i32.const 2)) (then (call $log_words) unreachable))
      ;; What was written to standard error by then was not its last.
      (call $set_words (i32.const 0) (i32.const 0) (i32.const 0))))
    (i32.const 0))

  ;; ---- the streams as files: 0 to 2 are terminals, 0 is at its end ----

  (func (export "fd_read") (param $fd i32) (param $vectors i32) (param $count i32) (param $read i32) (result i32)
    (if (local.get $fd) (then (return (i32.const 8))))
    (i32.store (local.get $read) (i32.const 0))
    (i32.const 0))
  (func (export "fd_fdstat_get") (param $fd i32) (param $stat i32) (result i32)
    (if (i32.gt_u (local.get $fd) (i32.const 2)) (then (return (i32.const 8))))
    (memory.fill (local.get $stat) (i32.const 0) (i32.const 24))
    (i32.store8 (local.get $stat) (i32.const 2))
    ;; Rights: to read is bit 1, to write bit 6.
    (i64.store offset=8 (local.get $stat) (select (i64.const 0x40) (i64.const 0x02) (local.get $fd)))
    (i32.const 0))
  (func (export "fd_filestat_get") (param $fd i32) (param $stat i32) (result i32)
    (if (i32.gt_u (local.get $fd) (i32.const 2)) (then (return (i32.const 8))))
    (memory.fill (local.get $stat) (i32.const 0) (i32.const 64))
    (i32.store8 offset=16 (local.get $stat) (i32.const 2))
    (i32.const 0))
  (func (export "fd_fdstat_set_flags") (param $fd i32) (param i32) (result i32)
    (select (i32.const 8) (i32.const 0) (i32.gt_u (local.get $fd) (i32.const 2))))

  ;; ---- clock and randomness ----

  ;; Wall clock and monotonic clock, 0 and 1, are the host's clock. There are none of processor time: invalid argument.
  (func (export "clock_time_get") (param $clock i32) (param $precision i64) (param $time i32) (result i32)
    (if (i32.gt_u (local.get $clock) (i32.const 1)) (then (return (i32.const 28))))
    (i64.store (local.get $time) (i64.mul (call $now) (i64.const 1000000)))
    (i32.const 0))
  (func (export "clock_res_get") (param $clock i32) (param $resolution i32) (result i32)
    (if (i32.gt_u (local.get $clock) (i32.const 1)) (then (return (i32.const 28))))
    (i64.store (local.get $resolution) (i64.const 1000000))
    (i32.const 0))

  ;; The host gives at most 65,536 bytes in one call, and writes address and length of the list at address 0.
  (func (export "random_get") (param $to i32) (param $length i32) (result i32)
    (local $part i32) (local $displaced i64)
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $length)))
      (local.set $part (select (i32.const 65536) (local.get $length) (i32.gt_u (local.get $length) (i32.const 65536))))
      (global.set $random_to (local.get $to))
      (local.set $displaced (i64.load (i32.const 0)))
      (call $random (local.get $part) (i32.const 0))
      (i64.store (i32.const 0) (local.get $displaced))
      (local.set $to (i32.add (local.get $to) (local.get $part)))
      (local.set $length (i32.sub (local.get $length) (local.get $part)))
      (br $next)))
    (i32.const 0))

  ;; ---- the process ----

  (func $none (export "args_sizes_get") (export "environ_sizes_get") (param $count i32) (param $bytes i32) (result i32)
    (i32.store (local.get $count) (i32.const 0))
    (i32.store (local.get $bytes) (i32.const 0))
    (i32.const 0))
  (func (export "args_get") (export "environ_get") (param i32 i32) (result i32) (i32.const 0))
  (func (export "sched_yield") (result i32) (i32.const 0))

  (func (export "proc_exit") (param $code i32)
    (call $flush (i32.const 1))
    (call $flush (i32.const 2))
    (if (i32.eqz (i32.load8_u $own (i32.const 12300))) (then (call $explain_exit (local.get $code))))
    (if (i32.ne (i32.load8_u $own (i32.const 12300)) (i32.const 1)) (then (call $log_words)))
    unreachable)

  ;; Makes the last words of a program that exits: that it may not, and its last line on standard error.
  (func $explain_exit (param $code i32)
    (local $rest i32) (local $end i32) (local $line i32)
    ;; 61 bytes of text, then as many digits as the code has.
    (local.set $end (i32.const 12365))
    (local.set $rest (local.get $code))
    (loop $count
      (local.set $end (i32.add (local.get $end) (i32.const 1)))
      (local.set $rest (i32.div_u (local.get $rest) (i32.const 10)))
      (br_if $count (local.get $rest)))
    (local.set $rest (local.get $end))
    (loop $digit
      (local.set $rest (i32.sub (local.get $rest) (i32.const 1)))
      (i32.store8 $own (local.get $rest) (i32.add (i32.const 48) (i32.rem_u (local.get $code) (i32.const 10))))
      (local.set $code (i32.div_u (local.get $code) (i32.const 10)))
      (br_if $digit (i32.gt_u (local.get $rest) (i32.const 12365))))
    (local.set $line (call $words_length))
    (if (i32.gt_u (local.get $line) (i32.const 3000)) (then (local.set $line (i32.const 3000))))
    ;; The line makes room at the place of standard output's, which was logged.
    (memory.copy $own $own (i32.const 0) (i32.const 16384) (local.get $line))
    (call $set_words (i32.const 0) (i32.const 12304) (i32.sub (local.get $end) (i32.const 12304)))
    (if (local.get $line) (then
      (call $add_words (i32.const 12512) (i32.const 42))
      (call $add_words (i32.const 0) (local.get $line)))))

  ;; ---- waiting ----

  ;; Nobody sleeps in a call. A wait of at most 10 ms is over at once, as libraries yield in this way; one for a stream that
  ;; is always ready, or for a file that is not there, too. A longer wait is refused: not supported, 58.
  ;;
  ;; A subscription has 48 bytes: 0 what the event repeats, 8 kind (0 clock, 1 read, 2 write), 16 clock or descriptor, 24 time,
  ;; 40 whether that is an instant. An event has 32: 0 what it repeats, 8 error, 10 kind.
  (func (export "poll_oneoff") (param $from i32) (param $to i32) (param $count i32) (param $events i32) (result i32)
    (local $found i32) (local $kind i32) (local $error i32)
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $count)))
      (local.set $kind (i32.load8_u offset=8 (local.get $from)))
      (local.set $error (i32.const 0))
      (block $not_ready
        (if (local.get $kind)
          (then (if (i32.gt_u (i32.load offset=16 (local.get $from)) (i32.const 2))
            (then (local.set $error (i32.const 8)))))
          (else (br_if $not_ready (i64.gt_u (call $remaining (local.get $from)) (i64.const 10000000)))))
        (memory.fill (local.get $to) (i32.const 0) (i32.const 32))
        (i64.store (local.get $to) (i64.load (local.get $from)))
        (i32.store16 offset=8 (local.get $to) (local.get $error))
        (i32.store8 offset=10 (local.get $to) (local.get $kind))
        (local.set $to (i32.add (local.get $to) (i32.const 32)))
        (local.set $found (i32.add (local.get $found) (i32.const 1))))
      (local.set $from (i32.add (local.get $from) (i32.const 48)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $next)))
    (i32.store (local.get $events) (local.get $found))
    (if (local.get $found) (then (return (i32.const 0))))
    (call $log_own (i32.const 4) (i32.const 12400) (i32.const 99))
    (call $set_words (i32.const 2) (i32.const 12400) (i32.const 99))
    (i32.const 58))

  ;; Nanoseconds that a subscription to a clock still waits.
  (func $remaining (param $from i32) (result i64)
    (local $time i64) (local $now i64)
    (local.set $time (i64.load offset=24 (local.get $from)))
    (if (i32.eqz (i32.and (i32.load16_u offset=40 (local.get $from)) (i32.const 1))) (then (return (local.get $time))))
    (local.set $now (i64.mul (call $now) (i64.const 1000000)))
    (select (i64.const 0) (i64.sub (local.get $time) (local.get $now)) (i64.le_u (local.get $time) (local.get $now))))

  ;; ---- files: no such descriptor, 8; opening one is not allowed, 76 ----

  (func (export "fd_close") (type $b1) (i32.const 8))
  (func (export "fd_prestat_get") (export "fd_renumber") (export "fd_tell") (type $b2) (i32.const 8))
  (func (export "fd_prestat_dir_name") (export "path_create_directory") (export "path_remove_directory")
    (export "path_unlink_file") (type $b3) (i32.const 8))
  (func (export "path_filestat_get") (export "path_symlink") (type $b5) (i32.const 8))
  (func (export "path_readlink") (export "path_rename") (type $b6) (i32.const 8))
  (func (export "path_link") (type $b7) (i32.const 8))
  (func (export "fd_advise") (param i32 i64 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_allocate") (export "fd_fdstat_set_rights") (param i32 i64 i64) (result i32) (i32.const 8))
  (func (export "fd_filestat_set_size") (param i32 i64) (result i32) (i32.const 8))
  (func (export "fd_filestat_set_times") (param i32 i64 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_pread") (export "fd_pwrite") (param i32 i32 i32 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_readdir") (param i32 i32 i32 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_seek") (param i32 i64 i32 i32) (result i32) (i32.const 8))
  (func (export "path_filestat_set_times") (param i32 i32 i32 i32 i64 i64 i32) (result i32) (i32.const 8))
  (func (export "path_open") (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32) (i32.const 76))
)
