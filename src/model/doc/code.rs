//! Definitions in WIT, whose names are links to what they stand for.

use wit_parser::{Function, FunctionKind, Handle, Resolve, Type, TypeDefKind, TypeId};

use super::html::Html;
use super::links::own_name;
use super::site::Page;

/// The number of columns beyond which the parameters of a function have a line each.
const COLUMNS: usize = 88;

/// A piece of code of one kind.
struct Piece {
    text: String,
    style: Style,
}

/// How a piece of code is shown.
enum Style {
    Plain,
    Keyword,
    /// The name of what is defined; the anchor is set here if nothing else has it.
    Name(Option<String>),
    Link(String),
}

/// WIT that is shown with links.
#[derive(Default)]
pub(super) struct Code {
    pieces: Vec<Piece>,
}

impl Code {
    fn push(&mut self, text: &str, style: Style) -> &mut Self {
        let text = text.to_owned();
        self.pieces.push(Piece { text, style });
        self
    }

    /// Adds punctuation or space.
    pub fn plain(&mut self, text: &str) -> &mut Self {
        self.push(text, Style::Plain)
    }

    /// Adds a word of WIT.
    pub fn keyword(&mut self, text: &str) -> &mut Self {
        self.push(text, Style::Keyword)
    }

    /// Adds the name of what is defined here.
    pub fn name(&mut self, text: &str) -> &mut Self {
        self.push(text, Style::Name(None))
    }

    /// Adds the name of what is defined here, with the anchor of links to it.
    pub fn anchored(&mut self, text: &str, anchor: Option<String>) -> &mut Self {
        self.push(text, Style::Name(anchor))
    }

    /// Adds a name with the address of what it stands for, if that has a page.
    pub fn link(&mut self, text: &str, href: Option<String>) -> &mut Self {
        match href {
            Some(href) => self.push(text, Style::Link(href)),
            None => self.plain(text),
        }
    }

    /// Adds a type as it is written where it is used.
    pub fn ty(&mut self, page: &Page<'_, '_>, ty: &Type) -> &mut Self {
        let resolve = page.site.resolve;
        match ty {
            Type::Id(id) => match resolve.types[*id].name.as_deref() {
                Some(name) => self.link(name, page.type_href(*id)),
                None => self.structure(page, &resolve.types[*id].kind),
            },
            builtin => self.keyword(builtin_name(builtin)),
        }
    }

    /// Adds a type by its structure, without its name.
    pub fn structure(&mut self, page: &Page<'_, '_>, kind: &TypeDefKind) -> &mut Self {
        match kind {
            TypeDefKind::Handle(Handle::Own(id)) => self.ty(page, &Type::Id(*id)),
            TypeDefKind::Handle(Handle::Borrow(id)) => self.of(page, "borrow", &[Type::Id(*id)]),
            TypeDefKind::Option(ty) => self.of(page, "option", &[*ty]),
            TypeDefKind::List(ty) => self.of(page, "list", &[*ty]),
            TypeDefKind::FixedLengthList(ty, length) => {
                self.keyword("list").plain("<").ty(page, ty);
                self.plain(&format!(", {length}>"))
            }
            TypeDefKind::Map(key, value) => self.of(page, "map", &[*key, *value]),
            TypeDefKind::Tuple(tuple) => self.of(page, "tuple", &tuple.types),
            TypeDefKind::Future(ty) => self.of(page, "future", ty.as_slice()),
            TypeDefKind::Stream(ty) => self.of(page, "stream", ty.as_slice()),
            TypeDefKind::Result(result) => match (&result.ok, &result.err) {
                (Some(ok), Some(err)) => self.of(page, "result", &[*ok, *err]),
                (Some(ok), None) => self.of(page, "result", &[*ok]),
                (None, Some(err)) => {
                    self.keyword("result").plain("<_, ").ty(page, err);
                    self.plain(">")
                }
                (None, None) => self.keyword("result"),
            },
            TypeDefKind::Type(ty) => self.ty(page, ty),
            // These have a name wherever they are.
            other => self.keyword(other.as_str()),
        }
    }

    /// Adds a constructor of types with its arguments, if it has any.
    fn of(&mut self, page: &Page<'_, '_>, name: &str, arguments: &[Type]) -> &mut Self {
        self.keyword(name);
        for (at, argument) in arguments.iter().enumerate() {
            self.plain(if at == 0 { "<" } else { ", " });
            self.ty(page, argument);
        }
        match arguments {
            [] => self,
            _ => self.plain(">"),
        }
    }

    /// Adds the declaration of a function as it is in an interface or resource.
    pub fn function(&mut self, page: &Page<'_, '_>, function: &Function) -> &mut Self {
        self.name(own_name(function));
        if !matches!(function.kind, FunctionKind::Constructor(_)) {
            self.plain(": ");
        }
        self.signature(page, function).plain(";")
    }

    /// Adds the kind of a function, its parameters and its result.
    pub fn signature(&mut self, page: &Page<'_, '_>, function: &Function) -> &mut Self {
        let line = signature(page, function, Layout::Line);
        let before: usize = self.pieces.iter().map(Piece::width).sum();
        let width: usize = line.pieces.iter().map(Piece::width).sum();
        let fits = before + width <= COLUMNS || function.params.len() < 2;
        let code = match fits {
            true => line,
            false => signature(page, function, Layout::Lines),
        };
        self.pieces.extend(code.pieces);
        self
    }

    /// As [`Code::signature`], in one line of any length.
    pub fn signature_in_line(&mut self, page: &Page<'_, '_>, function: &Function) -> &mut Self {
        self.pieces
            .extend(signature(page, function, Layout::Line).pieces);
        self
    }

    /// The code as a block.
    pub fn block(&self) -> Html {
        let mut html = Html::default();
        html.markup("<pre class=\"wit\"><code>");
        html.append(&self.inline()).markup("</code></pre>\n");
        html
    }

    /// The code without an element around it.
    pub fn inline(&self) -> Html {
        let mut html = Html::default();
        for Piece { text, style } in &self.pieces {
            match style {
                Style::Plain => html.text(text),
                Style::Keyword => html.element("span", &[("class", "kw")], text),
                Style::Name(None) => html.element("b", &[], text),
                Style::Name(Some(anchor)) => html.element("b", &[("id", anchor)], text),
                Style::Link(href) => html.element("a", &[("href", href)], text),
            };
        }
        html
    }
}

impl Piece {
    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

/// How the parameters of a function are laid out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Line,
    Lines,
}

fn signature(page: &Page<'_, '_>, function: &Function, layout: Layout) -> Code {
    let mut code = Code::default();
    for word in words(&function.kind) {
        code.keyword(word);
        if *word == "static" || *word == "async" {
            code.plain(" ");
        }
    }
    // The resource, which a declaration does not name.
    let has_self = matches!(
        function.kind,
        FunctionKind::Method(_)
            | FunctionKind::AsyncMethod(_)
            | FunctionKind::MethodGetter(_)
            | FunctionKind::MethodSetter(_)
    );
    let params = function.params.iter().skip(usize::from(has_self));
    code.plain("(");
    for (at, param) in params.enumerate() {
        match layout {
            Layout::Lines => code.plain("\n    "),
            Layout::Line if at > 0 => code.plain(", "),
            Layout::Line => &mut code,
        };
        code.plain(&param.name).plain(": ").ty(page, &param.ty);
        if layout == Layout::Lines {
            code.plain(",");
        }
    }
    code.plain(if layout == Layout::Lines { "\n)" } else { ")" });
    if let Some(result) = result(page.site.resolve, function) {
        code.plain(" -> ").ty(page, result);
    }
    code
}

/// The words before the parameters.
fn words(kind: &FunctionKind) -> &'static [&'static str] {
    match kind {
        FunctionKind::Freestanding | FunctionKind::Method(_) => &["func"],
        FunctionKind::AsyncFreestanding | FunctionKind::AsyncMethod(_) => &["async", "func"],
        FunctionKind::Static(_) => &["static", "func"],
        FunctionKind::AsyncStatic(_) => &["static", "async", "func"],
        FunctionKind::Constructor(_) => &[],
        FunctionKind::Getter | FunctionKind::MethodGetter(_) => &["get"],
        FunctionKind::Setter | FunctionKind::MethodSetter(_) => &["set"],
        FunctionKind::StaticGetter(_) => &["static", "get"],
        FunctionKind::StaticSetter(_) => &["static", "set"],
    }
}

/// The result of a function, but for that of a constructor which is the resource itself.
fn result<'f>(resolve: &Resolve, function: &'f Function) -> Option<&'f Type> {
    let result = function.result.as_ref()?;
    let is_resource = |id: &TypeId| match (&function.kind, &resolve.types[*id].kind) {
        (FunctionKind::Constructor(own), TypeDefKind::Handle(Handle::Own(id))) => own == id,
        _ => false,
    };
    match result {
        Type::Id(id) if is_resource(id) => None,
        other => Some(other),
    }
}

/// The name of a type that WIT itself has.
fn builtin_name(ty: &Type) -> &'static str {
    match ty {
        Type::Bool => "bool",
        Type::U8 => "u8",
        Type::U16 => "u16",
        Type::U32 => "u32",
        Type::U64 => "u64",
        Type::S8 => "s8",
        Type::S16 => "s16",
        Type::S32 => "s32",
        Type::S64 => "s64",
        Type::F32 => "f32",
        Type::F64 => "f64",
        Type::Char => "char",
        Type::String => "string",
        Type::ErrorContext => "error-context",
        Type::Id(_) => "type",
    }
}
