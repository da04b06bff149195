(component
  (import "t:math/ops@1.0.0" (instance $ops
    (export "add" (func (param "a" u32) (param "b" u32) (result u32)))))
  (import "t:math/base@1.0.0" (instance $base
    (export "mix" (func (param "a" u32) (param "b" u32) (result u32)))))
  (core func $add (canon lower (func $ops "add")))
  (core func $mix (canon lower (func $base "mix")))
  (core module $m
    (import "ops" "add" (func $add (param i32 i32) (result i32)))
    (import "base" "mix" (func $mix (param i32 i32) (result i32)))
    (func (export "go") (result i32)
      (call $add (call $mix (i32.const 7) (i32.const 5)) (i32.const 2))))
  (core instance $i (instantiate $m
    (with "ops" (instance (export "add" (func $add))))
    (with "base" (instance (export "mix" (func $mix))))))
  (func (export "go") (result u32) (canon lift (core func $i "go"))))
