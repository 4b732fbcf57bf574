;; A step whose id is its script: one letter for each thing it does, in order.
;;
;;   w  works: changes a number in its memory        f  fails at the first try, then does not
;;   a  waits for an answer                          y  traps at the first try, then does not
;;   d  the same, with a deadline                    x  fails for good
;;   e  waits for the event named as its path        r  has the step `ww` run
;;   t  waits for a second                           g  has the step `waw` run
;;   k  makes a checkpoint                           b  waits for an answer or a minute
;;   h  fails for good every other four seconds      l  waits for an answer and an event
;;   z  ends its workflow                            q  waits for an answer, and refuses one that ends with 7
;;
;; Its output is a number made of its input and of the work it did, and of nothing else: a step that waits, is killed and put back ends as
;; one that only works. Each call logs a line: its idempotency key, how many calls this memory has seen, what was waited for.
;;
;; The ids and descriptors are added by guest.rs.
(module
  (import "reentry:step/host@0.1.0" "log" (func $log (param i32 i32 i32 i32 i32 i32)))
  (memory (export "memory") 1)

  ;; Arguments are laid down from 32 KiB on; what the last call had there is of no use any more.
  (global $heap (mut i32) (i32.const 32768))
  (func (export "cabi_realloc") (param i32 i32 i32) (param $bytes i32) (result i32)
    (global.set $heap (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
    (global.get $heap)
    (global.set $heap (i32.add (global.get $heap) (local.get $bytes))))

  ;; What is kept over suspensions: the place in the script, the number, the calls.
  (global $place (mut i32) (i32.const 0))
  (global $number (mut i32) (i32.const 0x811c9dc5))
  (global $calls (mut i32) (i32.const 0))

  (data (i32.const 512) "boom")
  (data (i32.const 520) "ww")
  (data (i32.const 524) "waw")
  (data (i32.const 528) "{\"wait\": ")
  (data (i32.const 540) "bad-answer")

  (func (export "reentry:step/guest@0.1.0#describe") (result i32)
    (i32.const 16))

  (func $mix (param $byte i32)
    (global.set $number (i32.mul (i32.xor (global.get $number) (local.get $byte)) (i32.const 16777619))))

  ;; The number as text that ends at 2064; returns where it begins.
  (func $print (result i32)
    (local $at i32) (local $left i32)
    (local.set $at (i32.const 2064))
    (local.set $left (global.get $number))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $left) (i32.const 10))))
      (local.set $left (i32.div_u (local.get $left) (i32.const 10)))
      (br_if $digit (local.get $left)))
    (local.get $at))

  ;; The line of the log is put together from 4096 on.
  (global $end (mut i32) (i32.const 4096))
  (func $put (param $text i32) (param $bytes i32)
    (memory.copy (global.get $end) (local.get $text) (local.get $bytes))
    (global.set $end (i32.add (global.get $end) (local.get $bytes))))
  (func $put_byte (param $byte i32)
    (i32.store8 (global.get $end) (local.get $byte))
    (global.set $end (i32.add (global.get $end) (i32.const 1))))
  (func $begin_line (param $facts i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (global.set $end (i32.const 4096))
    (call $put (i32.load offset=48 (local.get $facts)) (i32.load offset=52 (local.get $facts)))
    (call $put_byte (i32.const 32))
    (call $put_byte (i32.add (i32.const 48) (global.get $calls))))
  (func $say_line
    (call $log (i32.const 2) (i32.const 4096) (i32.sub (global.get $end) (i32.const 4096))
      (i32.const 0) (i32.const 0) (i32.const 0)))

  ;; Results are at 1024: ok, and what.
  (func $completed (result i32)
    (local $text i32)
    (local.set $text (call $print))
    (i32.store (i32.const 1036) (local.get $text))
    (i32.store (i32.const 1040) (i32.sub (i32.const 2064) (local.get $text)))
    (i32.const 1024))

  (func $failed (param $again i32) (result i32)
    (i32.store8 (i32.const 1024) (i32.const 1))
    (i32.store (i32.const 1032) (i32.const 512))
    (i32.store (i32.const 1036) (i32.const 4))
    (i32.store8 (i32.const 1052) (local.get $again))
    (i32.const 1024))

  ;; Whether an answer with this text is one that the step at this place of its script refuses.
  (func $is_refused (param $facts i32) (param $text i32) (param $bytes i32) (result i32)
    (if (i32.eqz (local.get $bytes)) (then (return (i32.const 0))))
    (i32.and
      (i32.eq (i32.load8_u (i32.add (i32.load (local.get $facts)) (global.get $place))) (i32.const 113))
      (i32.eq (i32.load8_u (i32.sub (i32.add (local.get $text) (local.get $bytes)) (i32.const 1))) (i32.const 55))))

  ;; Refuses the answer of this wait. The details are put together where the line of the log was.
  (func $refused (param $wait i32) (result i32)
    (memory.fill (i32.const 1024) (i32.const 0) (i32.const 64))
    (drop (call $failed (i32.const 0)))
    (i32.store8 (i32.const 1040) (i32.const 1))
    (i32.store (i32.const 1044) (i32.const 540))
    (i32.store (i32.const 1048) (i32.const 10))
    (global.set $end (i32.const 4096))
    (call $put (i32.const 528) (i32.const 9))
    (if (i32.ge_u (local.get $wait) (i32.const 10)) (then
      (call $put_byte (i32.add (i32.const 48) (i32.div_u (local.get $wait) (i32.const 10))))))
    (call $put_byte (i32.add (i32.const 48) (i32.rem_u (local.get $wait) (i32.const 10))))
    (call $put_byte (i32.const 125))
    (i32.store8 (i32.const 1072) (i32.const 1))
    (i32.store (i32.const 1076) (i32.const 4096))
    (i32.store (i32.const 1080) (i32.sub (global.get $end) (i32.const 4096)))
    (i32.const 1024))

  ;; Waits are at 1152, 80 bytes each. Their ids tell the place in the script, so that no two suspensions share one.
  (func $wait (param $at i32) (param $kind i32)
    (i32.store (local.get $at) (i32.add (i32.shl (global.get $place) (i32.const 1))
      (i32.gt_u (local.get $at) (i32.const 1152))))
    (i32.store8 offset=8 (local.get $at) (local.get $kind)))
  (func $answer (param $at i32)
    (call $wait (local.get $at) (i32.const 0))
    (i32.store offset=16 (local.get $at) (call $print))
    (i32.store offset=20 (local.get $at) (i32.sub (i32.const 2064) (i32.load offset=16 (local.get $at)))))
  (func $time (param $at i32) (param $facts i32) (param $ms i64)
    (call $wait (local.get $at) (i32.const 1))
    (i64.store offset=16 (local.get $at) (i64.add (i64.load offset=56 (local.get $facts)) (local.get $ms))))
  (func $event (param $at i32) (param $facts i32)
    (call $wait (local.get $at) (i32.const 2))
    (i32.store offset=16 (local.get $at) (i32.load offset=24 (local.get $facts)))
    (i32.store offset=20 (local.get $at) (i32.load offset=28 (local.get $facts))))
  (func $run (param $at i32) (param $step i32) (param $bytes i32)
    (call $wait (local.get $at) (i32.const 3))
    (i32.store offset=20 (local.get $at) (local.get $step))
    (i32.store offset=24 (local.get $at) (local.get $bytes))
    (i32.store offset=28 (local.get $at) (call $print))
    (i32.store offset=32 (local.get $at) (i32.sub (i32.const 2064) (i32.load offset=28 (local.get $at)))))

  (func $suspended (param $letter i32) (param $facts i32) (result i32)
    (local $count i32)
    (local.set $count (i32.const 1))
    (memory.fill (i32.const 1152) (i32.const 0) (i32.const 160))
    (if (i32.or (i32.eq (local.get $letter) (i32.const 97)) (i32.eq (local.get $letter) (i32.const 113)))
      (then (call $answer (i32.const 1152))))
    (if (i32.eq (local.get $letter) (i32.const 100)) (then
      (call $answer (i32.const 1152))
      (i32.store8 (i32.const 1200) (i32.const 1))
      (i64.store (i32.const 1208) (i64.add (i64.load offset=56 (local.get $facts)) (i64.const 5000)))))
    (if (i32.eq (local.get $letter) (i32.const 101)) (then (call $event (i32.const 1152) (local.get $facts))))
    (if (i32.eq (local.get $letter) (i32.const 116)) (then
      (call $time (i32.const 1152) (local.get $facts) (i64.const 1000))))
    (if (i32.eq (local.get $letter) (i32.const 107)) (then (call $wait (i32.const 1152) (i32.const 4))))
    (if (i32.eq (local.get $letter) (i32.const 114)) (then
      (call $run (i32.const 1152) (i32.const 520) (i32.const 2))))
    (if (i32.eq (local.get $letter) (i32.const 103)) (then
      (call $run (i32.const 1152) (i32.const 524) (i32.const 3))))
    (if (i32.eq (local.get $letter) (i32.const 98)) (then
      (call $answer (i32.const 1152))
      (call $time (i32.const 1232) (local.get $facts) (i64.const 60000))
      (local.set $count (i32.const 2))))
    (if (i32.eq (local.get $letter) (i32.const 108)) (then
      (call $answer (i32.const 1152))
      (call $event (i32.const 1232) (local.get $facts))
      (i32.store8 (i32.const 1044) (i32.const 1))
      (local.set $count (i32.const 2))))
    (i32.store8 (i32.const 1032) (i32.const 2))
    (i32.store (i32.const 1036) (i32.const 1152))
    (i32.store (i32.const 1040) (local.get $count))
    (i32.const 1024))

  ;; Goes on from the place in the script until the call ends.
  (func $go_on (param $facts i32) (result i32)
    (local $letter i32)
    (memory.fill (i32.const 1024) (i32.const 0) (i32.const 64))
    (global.set $heap (i32.const 32768))
    (loop $next
      (if (i32.ge_u (global.get $place) (i32.load offset=4 (local.get $facts)))
        (then (return (call $completed))))
      (local.set $letter (i32.load8_u (i32.add (i32.load (local.get $facts)) (global.get $place))))
      (if (i32.eq (local.get $letter) (i32.const 119)) (then
        (call $mix (i32.const 119))
        (global.set $place (i32.add (global.get $place) (i32.const 1)))
        (br $next)))
      (if (i32.or (i32.eq (local.get $letter) (i32.const 102)) (i32.eq (local.get $letter) (i32.const 121))) (then
        (if (i32.eqz (i32.load offset=32 (local.get $facts))) (then
          (if (i32.eq (local.get $letter) (i32.const 121)) (then (unreachable)))
          (return (call $failed (i32.const 1)))))
        (global.set $place (i32.add (global.get $place) (i32.const 1)))
        (br $next)))
      (if (i32.eq (local.get $letter) (i32.const 104)) (then
        (if (i64.eqz (i64.and (i64.load offset=56 (local.get $facts)) (i64.const 4096))) (then
          (global.set $place (i32.add (global.get $place) (i32.const 1)))
          (br $next)))
        (return (call $failed (i32.const 0)))))
      (if (i32.eq (local.get $letter) (i32.const 122)) (then
        (drop (call $completed))
        (i32.store8 (i32.const 1032) (i32.const 1))
        (return (i32.const 1024))))
      (if (i32.eq (local.get $letter) (i32.const 120)) (then (return (call $failed (i32.const 0))))))
    (call $suspended (local.get $letter) (local.get $facts)))

  (func (export "reentry:step/guest@0.1.0#start") (param $call i32) (result i32)
    (local $at i32)
    (call $begin_line (local.get $call))
    (call $say_line)
    (loop $byte
      (if (i32.lt_u (local.get $at) (i32.load offset=100 (local.get $call))) (then
        (call $mix (i32.load8_u (i32.add (i32.load offset=96 (local.get $call)) (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $byte))))
    (call $go_on (local.get $call)))

  ;; Each wait that is over is told of as ` `, first or second, how it ended, and the text that came with it.
  (func (export "reentry:step/guest@0.1.0#resume") (param $call i32) (result i32)
    (local $at i32) (local $last i32) (local $how i32) (local $refused i32)
    (call $begin_line (local.get $call))
    (local.set $at (i32.load offset=96 (local.get $call)))
    (local.set $last (i32.add (local.get $at) (i32.mul (i32.load offset=100 (local.get $call)) (i32.const 72))))
    (loop $over
      (if (i32.lt_u (local.get $at) (local.get $last)) (then
        (local.set $how (i32.load8_u offset=8 (local.get $at)))
        (call $put_byte (i32.const 32))
        (call $put_byte (i32.add (i32.const 48) (i32.and (i32.load (local.get $at)) (i32.const 1))))
        (call $put_byte (i32.add (i32.const 48) (local.get $how)))
        (if (i32.or (i32.eqz (local.get $how)) (i32.or (i32.eq (local.get $how) (i32.const 3)) (i32.eq (local.get $how) (i32.const 4))))
          (then (call $put (i32.load offset=16 (local.get $at)) (i32.load offset=20 (local.get $at)))))
        (if (i32.eqz (local.get $how)) (then
          (if (call $is_refused (local.get $call) (i32.load offset=16 (local.get $at)) (i32.load offset=20 (local.get $at)))
            (then (local.set $refused (local.get $at))))))
        (local.set $at (i32.add (local.get $at) (i32.const 72)))
        (br $over))))
    (call $say_line)
    (if (local.get $refused) (then (return (call $refused (i32.load (local.get $refused))))))
    (global.set $place (i32.add (global.get $place) (i32.const 1)))
    (call $go_on (local.get $call)))
)
