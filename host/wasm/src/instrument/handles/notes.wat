;; Which handles of standard streams there are. At 0: where the list is, and how long. At 8: how many handles.
;; From 16 on, of each handle: where it came from, and its number.
(module
  (memory (export "memory") 1 1)

  ;; A handle was given out. When there is no room it is not noted, and stands in the way of the next suspension.
  (func (export "note") (param $source i32) (param $handle i32)
    (local $count i32) (local $at i32)
    (local.set $count (i32.load (i32.const 8)))
    (if (i32.eq (local.get $count) (i32.const 8190)) (then (return)))
    (local.set $at (i32.shl (local.get $count) (i32.const 3)))
    (i32.store offset=16 (local.get $at) (local.get $source))
    (i32.store offset=20 (local.get $at) (local.get $handle))
    (i32.store (i32.const 8) (i32.add (local.get $count) (i32.const 1))))

  ;; A handle is dropped, of a standard stream or of anything else. The last one noted takes its place.
  (func (export "forget") (param $handle i32)
    (local $at i32) (local $end i32)
    (local.set $end (i32.shl (i32.load (i32.const 8)) (i32.const 3)))
    (loop $next
      (if (i32.eq (local.get $at) (local.get $end)) (then (return)))
      (if (i32.ne (i32.load offset=20 (local.get $at)) (local.get $handle))
        (then
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br $next))))
    (local.set $end (i32.sub (local.get $end) (i32.const 8)))
    (i64.store offset=16 (local.get $at) (i64.load offset=16 (local.get $end)))
    (i64.store offset=16 (local.get $end) (i64.const 0))
    (i32.store (i32.const 8) (i32.shr_u (local.get $end) (i32.const 3))))

  (func (export "list") (result i32)
    (i32.store (i32.const 0) (i32.const 16))
    (i32.store (i32.const 4) (i32.shl (i32.load (i32.const 8)) (i32.const 3)))
    (i32.const 0)))
