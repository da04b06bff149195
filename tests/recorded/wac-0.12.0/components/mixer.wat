(component
  (import "t:math/base@1.0.0" (instance $base
    (export "mix" (func (param "a" u32) (param "b" u32) (result u32)))))
  (core func $mix (canon lower (func $base "mix")))
  (core module $m
    (import "base" "mix" (func $mix (param i32 i32) (result i32)))
    (func (export "add") (param i32 i32) (result i32)
      (i32.add (call $mix (local.get 0) (local.get 1)) (i32.const 1))))
  (core instance $i (instantiate $m
    (with "base" (instance (export "mix" (func $mix))))))
  (func $f (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add")))
  (instance $out (export "add" (func $f)))
  (export "t:math/ops@1.0.0" (instance $out)))
