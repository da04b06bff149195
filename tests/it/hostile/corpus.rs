//! Components by hand, one for each part of the format that is read, as text.

pub const TEXTS: &[&str] = &[
    // Types of every kind, and a resource with its members.
    r#"(component
      (import "a:a/types@1.2.3" (instance $types
        (type $record (record (field "x" u32) (field "names" (list string))))
        (export "point" (type $point (eq $record)))
        (type $variant (variant (case "dot") (case "line" $point) (case "many" (list $point 3))))
        (export "shape" (type $shape (eq $variant)))
        (type $enum (enum "red" "green"))
        (export "color" (type $color (eq $enum)))
        (type $flags (flags "x" "y"))
        (export "marks" (type $marks (eq $flags)))
        (export "res" (type $res (sub resource)))
        (type $own (own $res))
        (type $borrow (borrow $res))
        (export "[constructor]res" (func (param "s" $shape) (result $own)))
        (export "[method]res.get" (func (param "self" $borrow) (result (option $color))))
        (export "[static]res.merge" (func (param "a" $own) (param "b" $own) (result (result $own (error $marks)))))
        (export "wait" (func (param "f" (tuple f32 f64 char s8)) (result (future string))))))
      (alias export $types "point" (type $point))
      (alias export $types "res" (type $res))
      (import "a:a/uses@1.2.3" (instance
        (export "point" (type $p (eq $point)))
        (export "res" (type $r (eq $res)))
        (export "take" (func (param "r" (own $r)) (result (stream $p))))))
      (import "log" (func $log (param "text" string)))
      (export "log-too" (func $log)))"#,
    // Names with attributes, split names, names of 0.21.1.
    r#"(component
      (import "one" (implements "a:a/i@1.0.0") (external-id "oci://host.example/a/b:1.0.0?digest=sha256:0000000000000000000000000000000000000000000000000000000000000000")
        (instance (export "f" (func))))
      (import "two" (external-id "warg://host.example/a:b@1.0.0#x") (instance (export "f" (func))))
      (import "b:b/i@1" (version-suffix ".2.3") (instance (export "f" (func)))))"#,
    r#"(component (import "unlocked-dep=<a:b/c@{>=1.0.0 <1.1.0}>" (instance (export "f" (func)))))"#,
    // Two versions, exported, one of them an alias of what is imported.
    r#"(component
      (import "a:a/i@1.0.0" (instance $i (export "f" (func (result u32)))))
      (import "a:a/i@2.0.0" (instance $j (export "f" (func (result u64)))))
      (export "b:b/i@1.0.0" (instance $i))
      (export "b:b/i@1.1.0" (instance $j)))"#,
    // A root with types, a nested component, a core module, aliases outwards.
    r#"(component
      (type $record (record (field "a" u32) (field "b" u32)))
      (import "pair" (type $pair (eq $record)))
      (core module $m
        (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 0)
        (func (export "less") (param i32 i32) (result i32) local.get 0 local.get 1 i32.sub))
      (core instance $i (instantiate $m))
      (component $inner
        (import "f" (func $f (result u32)))
        (export "g" (func $f)))
      (func $one (param "p" $pair) (result u32) (canon lift (core func $i "less")))
      (export "less" (func $one)))"#,
    // A resource of its own, dropped by a function of its own.
    r#"(component
      (core module $m (func (export "drop") (param i32)) (func (export "make") (result i32) i32.const 1))
      (core instance $i (instantiate $m))
      (type $r (resource (rep i32) (dtor (core func $i "drop"))))
      (func $make (result (own $r)) (canon lift (core func $i "make")))
      (component $c
        (import "r" (type $r (sub resource)))
        (import "make" (func $make (result (own $r))))
        (export $s "r" (type $r))
        (export "make" (func $make) (func (result (own $s)))))
      (instance $out (instantiate $c (with "r" (type $r)) (with "make" (func $make))))
      (export "r:r/r" (instance $out)))"#,
    // WIT in its binary form: an interface that uses another package, a world.
    r#"(component
      (type $i (component
        (import "b:b/t@1.0.0" (instance $t
          (type $e (enum "a" "b")) (export "e" (type (eq $e)))))
        (alias export $t "e" (type $e))
        (export "a:a/i@1.0.0" (instance
          (alias outer 1 $e (type $e)) (export "e" (type $f (eq $e)))
          (export "f" (func (param "e" $f)))))))
      (export "i" (type $i))
      (type $w (component
        (export "a:a/w@1.0.0" (component
          (import "b:b/t@1.0.0" (instance $t
            (type $e (enum "a" "b")) (export "e" (type (eq $e)))))
          (import "x" (func))
          (export "run" (func (result bool)))))))
      (export "w" (type $w)))"#,
    // A module for a world.
    r#"(module (import "a:a/i" "f" (func (param i32)))
      (memory (export "memory") 1) (func (export "run"))
      (@custom "component-type:x" "\00asm\0d\00\01\00"))"#,
];
