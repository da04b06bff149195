(component
  (core module $m
    (func (export "mix") (param i32 i32) (result i32) local.get 0 local.get 1 i32.mul))
  (core instance $i (instantiate $m))
  (func $f (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "mix")))
  (instance $out (export "mix" (func $f)))
  (export "t:math/base@1.0.0" (instance $out)))
