//! What one source file says, as plain data: read once with `syn`, so that each
//! rule is a question to lists.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, FnArg, Item, Meta, Type, UseTree};

/// How a path stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// In a `use` that is private.
    Used,
    /// In a `use` with a visibility.
    Reexported,
    /// In code.
    Inline,
}

/// A path as written; the groups of a `use` are taken apart. The word `async`,
/// and a macro with its `!`, are paths of one name.
#[derive(Clone, Debug)]
pub struct NamedPath {
    /// The names; `self` inside a group and `*` are left out.
    pub names: Vec<String>,
    /// Where its last name stands, counted from 1.
    pub line: usize,
    /// The `mod name { … }` it stands in.
    pub inside: Vec<String>,
    /// How it stands in the file.
    pub stands: Stands,
    /// Whether it stands in code for tests.
    pub test: bool,
}

impl NamedPath {
    /// Whether this path reaches what lies under `other`, or a part of it that
    /// would (`use std::process` reaches `std::process::Command`).
    pub fn reaches(&self, other: &str) -> bool {
        self.names
            .iter()
            .zip(other.split("::"))
            .all(|(a, b)| a == b)
    }
}

/// What the budget asks of a function outside of tests.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name, without the type it belongs to.
    pub name: String,
    /// Where `fn` stands, counted from 1.
    pub line: usize,
    /// From `fn` to the closing brace.
    pub lines: usize,
    /// Parameters without `self`; a tuple counts as its members.
    pub parameters: usize,
    /// Parameters, or members of such tuples, of the type `bool`.
    pub bools: usize,
}

/// A file below `src/`.
pub struct Source {
    /// Its path below `src/`, with slashes.
    pub file: String,
    /// Its lines up to its tests module.
    pub lines: usize,
    /// Every path of at least two names, every `use`, macro call and `async`.
    pub paths: Vec<NamedPath>,
    /// The functions outside of tests, inner ones included.
    pub functions: Vec<Function>,
    /// Name and line of the types at the top of the file, outside of tests.
    pub types: Vec<(String, usize)>,
    /// Line and text of the doc comments outside of tests and of clap's help.
    pub docs: Vec<(usize, String)>,
    /// The modules that it declares.
    pub modules: BTreeSet<String>,
    /// The lines with a `FIXME`.
    pub fixmes: Vec<usize>,
}

impl Source {
    /// Reads a file; `file` is relative to `src/`.
    pub fn new(file: &str, text: &str) -> Self {
        let tree = syn::parse_file(text).unwrap_or_else(|e| panic!("src/{file}: {e}"));
        let mut reader = Reader {
            test: file.ends_with("/tests.rs") || file.contains("/tests/"),
            clap: false,
            inside: Vec::new(),
            source: Source {
                file: file.to_owned(),
                lines: lines_without_tests(&tree, text),
                paths: Vec::new(),
                functions: Vec::new(),
                types: Vec::new(),
                docs: Vec::new(),
                modules: BTreeSet::new(),
                fixmes: (text.lines().enumerate())
                    .filter_map(|(at, line)| line.contains("FIXME").then_some(at + 1))
                    .collect(),
            },
        };
        for item in &tree.items {
            reader.note_type(item);
        }
        reader.visit_file(&tree);
        reader.source
    }

    /// Whether the whole file is for tests.
    pub fn is_test(&self) -> bool {
        self.file.ends_with("/tests.rs") || self.file.contains("/tests/")
    }

    /// Whether the file stands for its folder and may re-export what is in it.
    pub fn is_index(&self) -> bool {
        self.file == "lib.rs" || self.file.ends_with("mod.rs")
    }

    /// The module it is: `a/b.rs` and `a/b/mod.rs` are `a::b`, the roots nothing.
    pub fn module(&self) -> Vec<String> {
        let path = self.file.trim_end_matches(".rs");
        let path = path.strip_suffix("/mod").unwrap_or(path);
        match path {
            "lib" | "main" => Vec::new(),
            _ => path.split('/').map(str::to_owned).collect(),
        }
    }

    /// The folder or file below `src/` it belongs to; `lib` or `main` for the roots.
    pub fn top(&self) -> &str {
        let first = self.file.split('/').next().unwrap_or_default();
        first.trim_end_matches(".rs")
    }

    /// A path as names from the root of the crate, if it begins inside the crate.
    pub fn absolute(&self, path: &NamedPath) -> Option<Vec<String>> {
        let mut here = self.module();
        here.extend(path.inside.iter().cloned());
        let first = path.names.first()?.as_str();
        let supers = path.names.iter().take_while(|n| *n == "super").count();
        let skip = match first {
            "crate" => {
                here.clear();
                1
            }
            "self" => 1,
            "super" => {
                here.truncate(here.len().checked_sub(supers)?);
                supers
            }
            _ if path.inside.is_empty() && self.modules.contains(first) => 0,
            _ => return None,
        };
        here.extend(path.names[skip..].iter().cloned());
        Some(here)
    }

    /// A message that begins with file and line.
    pub fn complain(&self, line: usize, what: &str) -> String {
        format!("src/{}:{line}: {what}", self.file)
    }
}

fn lines_without_tests(tree: &syn::File, text: &str) -> usize {
    let tests = tree.items.iter().find_map(|item| match item {
        Item::Mod(module) => module.attrs.iter().find(|a| marks_test(a)),
        _ => None,
    });
    tests.map_or(text.lines().count(), |mark| line(mark.pound_token.span) - 1)
}

fn line(span: Span) -> usize {
    span.start().line
}

/// Whether this is `#[test]`, `#[cfg(test)]` or `#[cfg(all(test, …`.
fn marks_test(attribute: &Attribute) -> bool {
    match &attribute.meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string().replace(' ', "");
            condition == "test" || condition.starts_with("all(test")
        }
        _ => false,
    }
}

/// Whether clap reads the doc comments of this item as help.
fn is_help(attribute: &Attribute) -> bool {
    let clap = ["Args", "Parser", "Subcommand", "ValueEnum"];
    match &attribute.meta {
        Meta::List(list) if list.path.is_ident("derive") => list
            .tokens
            .clone()
            .into_iter()
            .any(|token| clap.iter().any(|name| token.to_string() == *name)),
        _ => false,
    }
}

/// Walks the tree of one file and notes what rules ask for.
struct Reader {
    source: Source,
    test: bool,
    clap: bool,
    inside: Vec<String>,
}

impl Reader {
    /// Visits what has these attributes, knowing what they make of it.
    fn within(&mut self, attributes: &[Attribute], visit: impl FnOnce(&mut Self)) {
        let before = (self.test, self.clap);
        self.test |= attributes.iter().any(marks_test);
        self.clap |= attributes.iter().any(is_help);
        visit(self);
        (self.test, self.clap) = before;
    }

    fn note_type(&mut self, item: &Item) {
        let (attributes, name) = match item {
            Item::Struct(item) => (&item.attrs, &item.ident),
            Item::Enum(item) => (&item.attrs, &item.ident),
            Item::Union(item) => (&item.attrs, &item.ident),
            Item::Trait(item) => (&item.attrs, &item.ident),
            Item::Type(item) => (&item.attrs, &item.ident),
            _ => return,
        };
        if !self.test && !attributes.iter().any(marks_test) {
            let at = line(name.span());
            self.source.types.push((name.to_string(), at));
        }
    }

    fn note_path(&mut self, names: Vec<String>, span: Span, stands: Stands) {
        self.source.paths.push(NamedPath {
            names,
            line: line(span),
            inside: self.inside.clone(),
            stands,
            test: self.test,
        });
    }

    fn note_word(&mut self, word: &str, span: Span) {
        self.note_path(vec![word.to_owned()], span, Stands::Inline);
    }

    fn note_function(&mut self, signature: &syn::Signature, body: Option<&syn::Block>) {
        if self.test {
            return;
        }
        let first = line(signature.fn_token.span);
        let last = match body {
            Some(body) => line(body.brace_token.span.close()),
            None => line(signature.paren_token.span.close()),
        };
        let types: Vec<&Type> = (signature.inputs.iter())
            .filter_map(|input| match input {
                FnArg::Typed(typed) => Some(&*typed.ty),
                FnArg::Receiver(_) => None,
            })
            .flat_map(members)
            .collect();
        self.source.functions.push(Function {
            name: signature.ident.to_string(),
            line: first,
            lines: last - first + 1,
            parameters: types.len(),
            bools: types.iter().filter(|kind| is_bool(kind)).count(),
        });
    }

    /// The leaves of a `use` as paths.
    fn use_tree(&mut self, tree: &UseTree, prefix: &[String], stands: Stands) {
        let below = |name: &syn::Ident| [prefix, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.use_tree(&path.tree, &below(&path.ident), stands),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.use_tree(tree, prefix, stands);
                }
            }
            UseTree::Glob(glob) => self.note_path(prefix.to_vec(), glob.star_token.span, stands),
            UseTree::Name(syn::UseName { ident, .. })
            | UseTree::Rename(syn::UseRename { ident, .. }) => {
                let names = match ident == "self" && !prefix.is_empty() {
                    true => prefix.to_vec(),
                    false => below(ident),
                };
                self.note_path(names, ident.span(), stands);
            }
        }
    }

    /// Paths and macros in the tokens of a macro call or an attribute.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mark = |at: usize, mark: char| match tokens.get(at) {
            Some(TokenTree::Punct(punct)) => punct.as_char() == mark,
            _ => false,
        };
        let mut names: Vec<String> = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Ident(ident) => {
                    let continued = at >= 2 && mark(at - 1, ':') && mark(at - 2, ':');
                    if !continued {
                        names.clear();
                    }
                    names.push(ident.to_string());
                    if mark(at + 1, '!') && !mark(at + 2, '=') {
                        self.note_word(&format!("{ident}!"), ident.span());
                    }
                    let goes_on = mark(at + 1, ':') && mark(at + 2, ':');
                    if !goes_on && names.len() > 1 {
                        self.note_path(names.clone(), ident.span(), Stands::Inline);
                    }
                }
                TokenTree::Group(group) => {
                    // `a::{b, c}` and `a::<B>` end a path here.
                    if group.delimiter() != Delimiter::None {
                        names.clear();
                    }
                    self.tokens(group.stream());
                }
                _ => {}
            }
        }
    }
}

/// The parameters a type stands for: the members of a tuple, also behind `&`.
fn members(kind: &Type) -> Vec<&Type> {
    match kind {
        Type::Reference(reference) => match members(&reference.elem) {
            one if one.len() == 1 => vec![kind],
            tuple => tuple,
        },
        Type::Paren(paren) => members(&paren.elem),
        Type::Tuple(tuple) if !tuple.elems.is_empty() => {
            tuple.elems.iter().flat_map(members).collect()
        }
        _ => vec![kind],
    }
}

fn is_bool(kind: &Type) -> bool {
    matches!(kind, Type::Path(path) if path.path.is_ident("bool"))
}

macro_rules! with_attributes {
    ($($visit:ident: $node:ident),* $(,)?) => {$(
        fn $visit(&mut self, node: &'ast syn::$node) {
            self.within(&node.attrs, |reader| visit::$visit(reader, node));
        }
    )*};
}

impl<'ast> Visit<'ast> for Reader {
    with_attributes!(
        visit_item_const: ItemConst,
        visit_item_enum: ItemEnum,
        visit_item_impl: ItemImpl,
        visit_item_macro: ItemMacro,
        visit_item_static: ItemStatic,
        visit_item_struct: ItemStruct,
        visit_item_trait: ItemTrait,
        visit_item_type: ItemType,
        visit_field: Field,
        visit_variant: Variant,
        visit_arm: Arm,
        visit_local: Local,
        visit_expr_block: ExprBlock,
    );

    fn visit_item_mod(&mut self, node: &'ast syn::ItemMod) {
        self.within(&node.attrs, |reader| {
            if node.content.is_none() && reader.inside.is_empty() && !reader.test {
                reader.source.modules.insert(node.ident.to_string());
            }
            reader.inside.push(node.ident.to_string());
            visit::visit_item_mod(reader, node);
            reader.inside.pop();
        });
    }

    fn visit_item_use(&mut self, node: &'ast syn::ItemUse) {
        let stands = match node.vis {
            syn::Visibility::Inherited => Stands::Used,
            _ => Stands::Reexported,
        };
        self.within(&node.attrs, |reader| {
            reader.use_tree(&node.tree, &[], stands);
        });
    }

    fn visit_item_fn(&mut self, node: &'ast syn::ItemFn) {
        self.within(&node.attrs, |reader| {
            reader.note_function(&node.sig, Some(&node.block));
            visit::visit_item_fn(reader, node);
        });
    }

    fn visit_impl_item_fn(&mut self, node: &'ast syn::ImplItemFn) {
        self.within(&node.attrs, |reader| {
            reader.note_function(&node.sig, Some(&node.block));
            visit::visit_impl_item_fn(reader, node);
        });
    }

    fn visit_trait_item_fn(&mut self, node: &'ast syn::TraitItemFn) {
        self.within(&node.attrs, |reader| {
            reader.note_function(&node.sig, node.default.as_ref());
            visit::visit_trait_item_fn(reader, node);
        });
    }

    fn visit_signature(&mut self, node: &'ast syn::Signature) {
        if let Some(word) = &node.asyncness {
            self.note_word("async", word.span);
        }
        visit::visit_signature(self, node);
    }

    fn visit_expr_async(&mut self, node: &'ast syn::ExprAsync) {
        self.note_word("async", node.async_token.span);
        visit::visit_expr_async(self, node);
    }

    fn visit_path(&mut self, node: &'ast syn::Path) {
        let last = node.segments.last().expect("a path has a name");
        if node.segments.len() > 1 {
            let names = node.segments.iter().map(|s| s.ident.to_string()).collect();
            self.note_path(names, last.ident.span(), Stands::Inline);
        }
        visit::visit_path(self, node);
    }

    fn visit_macro(&mut self, node: &'ast syn::Macro) {
        visit::visit_macro(self, node);
        let name = node.path.segments.last().expect("a macro has a name");
        let name = name.ident.to_string();
        self.note_word(&format!("{name}!"), node.bang_token.span);
        // What these hold is code for somebody else.
        if !["quote", "quote_spanned", "parse_quote"].contains(&name.as_str()) {
            self.tokens(node.tokens.clone());
        }
    }

    fn visit_attribute(&mut self, node: &'ast Attribute) {
        visit::visit_attribute(self, node);
        match &node.meta {
            Meta::List(list) if !list.path.is_ident("cfg") => self.tokens(list.tokens.clone()),
            Meta::NameValue(pair) if pair.path.is_ident("doc") && !self.test && !self.clap => {
                if let syn::Expr::Lit(syn::ExprLit {
                    lit: syn::Lit::Str(text),
                    ..
                }) = &pair.value
                {
                    let at = line(node.pound_token.span);
                    self.source.docs.push((at, text.value()));
                }
            }
            _ => {}
        }
    }

    /// `pub(in crate::a)` says who sees an item, and imports nothing.
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}
}

mod proofs {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let source = Source::new("a.rs", text);
        let names = source.paths.iter().map(|path| path.names.join("::"));
        names.collect()
    }

    #[test]
    fn groups_are_taken_apart() {
        assert_eq!(
            paths("use a::{self, b as c, d::{e, f::*}, *}; use {g, h::i}; fn f() { j::k(l) }"),
            ["a", "a::b", "a::d::e", "a::d::f", "a", "g", "h::i", "j::k"]
        );
    }

    #[test]
    fn macros_and_attributes_are_looked_into_and_quoted_code_is_not() {
        assert_eq!(
            paths("#[derive(a::B)] struct C; fn f() { m!(x, [d::E::new(&g)], n::<p::Q>()); }"),
            ["a::B", "m!", "d::E::new", "p::Q"]
        );
        let text = "fn f() { quote!(a::b()); \"c::d\"; /* e::f */ m!(todo!()); n!(b != c) }";
        assert_eq!(paths(text), ["quote!", "m!", "todo!", "n!"]);
    }

    #[test]
    fn a_module_can_be_reached_from_above_or_through_it() {
        let reaches = |text: &str| {
            let paths = Source::new("a.rs", text).paths;
            paths.iter().any(|p| p.reaches("std::process::Command"))
        };
        assert!(reaches("use std::process::{Command as C, Stdio};"));
        assert!(reaches("use std::process;"));
        assert!(reaches("use std::{process::*};"));
        assert!(reaches("fn f() { std::process::Command::new(a) }"));
        assert!(!reaches("use std::process::{ExitCode, Stdio};"));
        assert!(!reaches("use my::process::Command;"));
    }

    #[test]
    fn paths_lead_from_the_root_however_written() {
        let absolute = |file: &str, text: &str| -> Vec<String> {
            let source = Source::new(file, text);
            let found = source.paths.iter().filter_map(|p| source.absolute(p));
            found.map(|names| names.join("::")).collect()
        };
        assert_eq!(absolute("a.rs", "use crate::b::C;"), ["b::C"]);
        assert_eq!(absolute("a.rs", "fn f(x: crate::b::C) {}"), ["b::C"]);
        assert_eq!(absolute("a.rs", "fn f() { m!(crate::b::C) }"), ["b::C"]);
        assert_eq!(absolute("a/mod.rs", "use super::b::C;"), ["b::C"]);
        assert_eq!(
            absolute("a/c.rs", "use super::{super::b, d};"),
            ["b", "a::d"]
        );
        assert_eq!(absolute("a.rs", "mod x { use super::super::b; }"), ["b"]);
        assert_eq!(
            absolute("a/c.rs", "mod d; use d::E; use std::f;"),
            ["a::c::d::E"]
        );
        assert_eq!(absolute("a/c.rs", "use self::d::E;"), ["a::c::d::E"]);
    }

    #[test]
    fn a_tuple_counts_as_its_members() {
        let count = |text: &str| {
            let found = &Source::new("a.rs", text).functions[0];
            (found.parameters, found.bools)
        };
        assert_eq!(count("fn f() {}"), (0, 0));
        assert_eq!(count("impl A { fn f(&'a mut self, a: u8,) {} }"), (1, 0));
        assert_eq!(
            count("impl A { fn f(self: Box<Self>, a: bool) {} }"),
            (1, 1)
        );
        assert_eq!(count("fn f(f: impl Fn(u8, u8), g: Map<u8, u8>) {}"), (2, 0));
        assert_eq!(count("fn f((a, b): (u8, bool), c: bool) {}"), (3, 2));
        assert_eq!(count("fn f(a: &mut (u8, (u8, &u8)), b: ()) {}"), (4, 0));
        assert_eq!(
            count("fn f(a: &[(u8, u8)], b: Option<(u8, u8)>) {}"),
            (2, 0)
        );
        assert_eq!(count("fn f(a: bool, b: Option<bool>, c: &bool) {}"), (3, 1));
    }

    #[test]
    fn a_function_is_as_long_as_its_braces_say() {
        let text = "\n#[a]\nfn f<T>()\nwhere\n    T: A<[u8; 1]>,\n{\n    \"}\";\n}\n";
        let found = &Source::new("a.rs", text).functions[0];
        assert_eq!((found.line, found.lines), (3, 6));
        let found = Source::new("a.rs", "fn a(x: fn(u8)) { fn b() {} }").functions;
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn code_for_tests_is_told_apart() {
        let text = "use a::b;\n#[cfg(test)]\nuse c::d;\n#[cfg(all(test, unix))]\nmod tests {\n\
            use e::f;\n/// Short.\nfn g(a: bool) {}\n}\n";
        let source = Source::new("a.rs", text);
        let test: Vec<_> = source.paths.iter().map(|path| path.test).collect();
        assert_eq!(test, [false, true, true]);
        assert_eq!(source.lines, 3);
        assert!(source.functions.is_empty() && source.docs.is_empty());
        assert!(Source::new("a/tests.rs", "use a::b;").paths[0].test);
    }
}
