(component
  (core module $m
    (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
    (func (export "sub") (param i32 i32) (result i32) local.get 0 local.get 1 i32.sub))
  (core instance $i (instantiate $m))
  (func $add (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add")))
  (func $sub (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "sub")))
  (instance $out (export "add" (func $add)) (export "sub" (func $sub)))
  (export "t:math/ops@1.2.0" (instance $out)))
