//! Random worlds of a component that gives and one that passes on.
//!
//! What a function does is said by the end of its name; `guests` writes it.
//!
//! | name | does |
//! | --- | --- |
//! | `…-first` | gives its first parameter, one flat value |
//! | `…-pick<n>` | gives its parameter `n`; so many parameters that they lie in memory |
//! | `…-sum` | adds its flat parameters up |
//! | `…-put`, `…-got` | keeps a value, and gives it back |
//! | `…-look` | gives what a borrowed resource keeps |

use std::fmt::Write as _;

use crate::model::component::compose::tests::random::Random;

/// How the one that passes on offers what it imports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It exports the interfaces that it imports, with resources of its own
    /// that stand for those of the other.
    Same,
    /// Its interfaces take their types from those it imports.
    Using,
    /// It imports the functions at the root of the other under a label.
    Root,
}

/// Two worlds, each called `w`.
#[derive(Debug)]
pub struct Worlds {
    /// How the one stands to the other.
    pub way: Way,
    /// The WIT of the one that gives.
    pub giver: String,
    /// The WIT of the one that passes on.
    pub passer: String,
    /// The imports of the one that passes on.
    pub imports: Vec<String>,
}

/// More flat values than a function takes as such.
const MANY: &str = "many: tuple<u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, \
     u64, u64, u64, u64>";

const FLAT: &[&str] = &[
    "bool", "u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64", "char",
];

/// A named type.
#[derive(Clone, Debug)]
struct Named {
    name: String,
    /// Whether it is one flat value.
    flat: bool,
    /// Whether it holds strings or lists.
    pointers: bool,
}

/// An interface in the making.
#[derive(Clone, Debug, Default)]
struct Body {
    uses: String,
    types: String,
    named: Vec<Named>,
    resource: Option<String>,
    /// The functions in it that are no members of a resource: name and the
    /// rest.
    functions: Vec<(String, String)>,
}

struct Maker<'r> {
    random: &'r mut Random,
    way: Way,
    names: usize,
}

/// The worlds of a seed.
pub fn worlds(random: &mut Random) -> Worlds {
    let way = *random.one(&[Way::Same, Way::Using, Way::Using, Way::Root]);
    let mut maker = Maker {
        random,
        way,
        names: 0,
    };
    let count = if way == Way::Root {
        1
    } else {
        1 + maker.random.below(3)
    };
    let mut bodies: Vec<Body> = Vec::new();
    for _ in 0..count {
        let body = maker.body(&bodies);
        bodies.push(body);
    }
    written(way, &bodies)
}

fn written(way: Way, bodies: &[Body]) -> Worlds {
    if way == Way::Root {
        let (types, functions) = (&bodies[0].types, &bodies[0].functions);
        let list = |front: &str| {
            let line = |(name, rest): &(String, String)| format!("{front}{name}: {rest};\n");
            functions.iter().map(line).collect::<String>()
        };
        let body = format!("{types}{}", list(""));
        return Worlds {
            way,
            giver: format!("package p:p; world w {{ {types}{} }}", list("export ")),
            passer: format!(
                "package q:q; world w {{ import given: interface {{ {body} }} \
                 export passed: interface {{ {body} }} }}"
            ),
            imports: vec!["given".to_owned()],
        };
    }
    let (mut given, mut passed) = (String::new(), String::new());
    let (mut exports, mut imports, mut passes) = (String::new(), String::new(), String::new());
    let mut names = Vec::new();
    for (at, body) in bodies.iter().enumerate() {
        let functions: String = body
            .functions
            .iter()
            .map(|(name, rest)| format!("{name}: {rest};\n"))
            .collect();
        let _ = writeln!(
            given,
            "interface i{at} {{ {}{}{functions} }}",
            body.uses, body.types
        );
        let _ = write!(exports, "export i{at}; ");
        let _ = write!(imports, "import p:p/i{at}; ");
        names.push(format!("p:p/i{at}"));
        if way == Way::Same {
            let _ = write!(passes, "export p:p/i{at}; ");
            continue;
        }
        let own = body.named.iter().map(|named| named.name.clone());
        let own: Vec<String> = own.chain(body.resource.clone()).collect();
        let own = match own.is_empty() {
            true => String::new(),
            false => format!("use p:p/i{at}.{{{}}};\n", own.join(", ")),
        };
        let uses = body.uses.replace("use i", "use p:p/i");
        let _ = writeln!(passed, "interface j{at} {{ {uses}{own}{functions} }}");
        let _ = write!(passes, "export j{at}; ");
    }
    Worlds {
        way,
        giver: format!("package p:p; {given} world w {{ {exports} }}"),
        passer: format!(
            "package q:q; {passed} world w {{ {imports}{passes} }} package p:p {{ {given} }}"
        ),
        imports: names,
    }
}

impl Maker<'_> {
    fn name(&mut self, kind: &str) -> String {
        self.names += 1;
        format!("{kind}{}", self.names)
    }

    fn body(&mut self, earlier: &[Body]) -> Body {
        let mut body = Body::default();
        // Types of the interfaces before it.
        let mut borrowed = Vec::new();
        for (at, other) in earlier.iter().enumerate() {
            if other.named.is_empty() || self.random.once_in(3) {
                continue;
            }
            let named = self.random.one(&other.named).clone();
            body.uses += &format!("use i{at}.{{{}}};\n", named.name);
            borrowed.push(named);
        }
        let mut known = borrowed.clone();
        for _ in 0..1 + self.random.below(4) {
            let named = self.define(&mut body.types, &known);
            known.push(named.clone());
            body.named.push(named);
        }
        if self.way != Way::Root && self.random.once_in(2) {
            self.resource(&mut body, &known);
        }
        for _ in 0..2 + self.random.below(3) {
            self.functions(&mut body, &known);
        }
        body
    }

    /// A type that may be anything with a value.
    fn any(&mut self, known: &[Named], depth: usize, pointers: bool) -> String {
        let kinds = if depth == 0 { 2 } else { 4 };
        match self.random.below(kinds) {
            0 => (*self.random.one(FLAT)).to_owned(),
            1 => {
                let fit: Vec<&Named> = known.iter().filter(|n| pointers || !n.pointers).collect();
                match fit.is_empty() {
                    true => (*self.random.one(FLAT)).to_owned(),
                    false => self.random.one(&fit).name.clone(),
                }
            }
            _ => self.wide(known, depth - 1, pointers),
        }
    }

    /// A type of at least two flat values.
    fn wide(&mut self, known: &[Named], depth: usize, pointers: bool) -> String {
        let mut inner = || self.any(known, depth, pointers);
        let (a, b) = (inner(), inner());
        let length = 2 + self.random.below(4);
        match self.random.below(if pointers { 10 } else { 7 }) {
            0 => format!("option<{a}>"),
            1 => format!("result<{a}, {b}>"),
            2 => format!("result<{a}>"),
            3 => format!("result<_, {a}>"),
            4 => format!("tuple<{a}, {b}>"),
            5 => format!("tuple<{a}, {b}, {a}>"),
            6 => format!("list<{a}, {length}>"),
            7 => "string".to_owned(),
            _ => format!("list<{a}>"),
        }
    }

    /// Writes a definition.
    fn define(&mut self, text: &mut String, known: &[Named]) -> Named {
        let pointers = self.random.once_in(2);
        let kind = self.random.below(6);
        let count = match kind {
            0 | 1 => 2 + self.random.below(4),
            2 => 1 + self.random.below(32),
            _ => 2 + self.random.below(6),
        };
        let mut members = String::new();
        for at in 0..count {
            let _ = match kind {
                0 => write!(members, "m{at}: {}, ", self.any(known, 2, pointers)),
                // The first always has a payload.
                1 if at > 0 && self.random.once_in(3) => write!(members, "m{at}, "),
                1 => write!(members, "m{at}({}), ", self.any(known, 2, pointers)),
                _ => write!(members, "m{at}, "),
            };
        }
        let word = ["record", "variant", "flags", "enum", "t", "t"][kind];
        let name = self.name(word);
        let _ = match kind {
            4 | 5 => writeln!(text, "type {name} = {};", self.wide(known, 2, pointers)),
            _ => writeln!(text, "{word} {name} {{ {members} }}"),
        };
        Named {
            name,
            flat: matches!(kind, 2 | 3),
            pointers,
        }
    }

    fn flat(&mut self, known: &[Named]) -> String {
        let flat: Vec<&Named> = known.iter().filter(|named| named.flat).collect();
        match flat.is_empty() || self.random.once_in(2) {
            true => (*self.random.one(FLAT)).to_owned(),
            false => self.random.one(&flat).name.clone(),
        }
    }

    fn functions(&mut self, body: &mut Body, known: &[Named]) {
        let name = self.name("f");
        let mut add = |name: String, rest: String| body.functions.push((name, rest));
        match self.random.below(4) {
            0 => {
                let (a, b) = (self.flat(known), self.flat(known));
                add(
                    format!("{name}-first"),
                    format!("func(a: {a}, b: {b}) -> {a}"),
                );
            }
            1 => {
                let (a, b) = (self.wide(known, 2, true), self.any(known, 2, true));
                add(
                    format!("{name}-pick1"),
                    format!("func(b: {b}, a: {a}, {MANY}) -> {a}"),
                );
            }
            2 => {
                let (a, b) = (self.any(known, 1, false), self.flat(known));
                add(
                    format!("{name}-sum"),
                    format!("func(a: {a}, b: {b}) -> u64"),
                );
            }
            _ => {
                let a = self.wide(known, 3, true);
                add(format!("{name}-put"), format!("func(a: {a}, {MANY})"));
                add(format!("{name}-got"), format!("func() -> {a}"));
            }
        }
    }

    fn resource(&mut self, body: &mut Body, known: &[Named]) {
        let name = self.name("r");
        let kept = self.wide(known, 2, true);
        let _ = writeln!(
            body.types,
            "resource {name} {{ constructor(a: {kept}, {MANY}); \
             pick0: static func(a: {kept}, {MANY}) -> {name}; look: func() -> {kept}; }}"
        );
        let mut add = |kind: &str, rest: String| {
            let function = format!("{name}-{kind}");
            body.functions.push((function, rest));
        };
        add("first", format!("func(a: {name}, b: u8) -> {name}"));
        add("look", format!("func(a: borrow<{name}>) -> {kept}"));
        // Inside of a value, a handle cannot be exchanged for another.
        if self.way == Way::Using {
            let held = [
                format!("list<{name}>"),
                format!("option<{name}>"),
                format!("tuple<string, {name}>"),
                format!("result<{name}, {kept}>"),
            ];
            let held = self.random.one(&held);
            add("pick0", format!("func(a: {held}, {MANY}) -> {held}"));
        }
        body.resource = Some(name);
    }
}
