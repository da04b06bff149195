(component
  (import "t:made/counters" (instance $counters
    (export "counter" (type $counter (sub resource)))
    (export "[constructor]counter" (func (param "from" u32) (result (own $counter))))
    (export "[method]counter.plus"
      (func (param "self" (borrow $counter)) (param "n" u32) (result u32)))))
  (alias export $counters "counter" (type $counter))
  (core func $new (canon lower (func $counters "[constructor]counter")))
  (core func $plus (canon lower (func $counters "[method]counter.plus")))
  (core func $drop (canon resource.drop $counter))
  (core module $m
    (import "c" "new" (func $new (param i32) (result i32)))
    (import "c" "plus" (func $plus (param i32 i32) (result i32)))
    (import "c" "drop" (func $drop (param i32)))
    (func (export "go") (result i32)
      (local $c i32) (local $n i32)
      (local.set $c (call $new (i32.const 40)))
      (local.set $n (call $plus (local.get $c) (i32.const 2)))
      (call $drop (local.get $c))
      (local.get $n)))
  (core instance $i (instantiate $m (with "c" (instance
    (export "new" (func $new)) (export "plus" (func $plus)) (export "drop" (func $drop))))))
  (func (export "go") (result u32) (canon lift (core func $i "go"))))
