//! The imports of worlds, read and edited as text.

use std::ops::Range;

use semver::Version;

use super::tokens::{Token, tokens};
use crate::base::package::PackageRef;
use crate::model::wit::template::escaped;

/// An import of a world: an interface of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldImport {
    /// The package of the interface.
    pub package: PackageRef,
    /// The name of the interface.
    pub interface: String,
    /// The version, where the import has one.
    pub version: Option<Version>,
}

impl WorldImport {
    /// The statement of a world that imports it.
    pub fn statement(&self) -> String {
        let label = |text: &str| escaped(text);
        let (namespace, name) = (self.package.namespace(), self.package.name());
        let version = self.version.as_ref();
        let version = version.map(|version| format!("@{version}"));
        format!(
            "import {}:{}/{}{};",
            label(namespace),
            label(name),
            label(&self.interface),
            version.unwrap_or_default()
        )
    }
}

impl std::fmt::Display for WorldImport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.package, self.interface)?;
        match &self.version {
            Some(version) => write!(f, "@{version}"),
            None => Ok(()),
        }
    }
}

/// A world, as far as it is known from its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldText {
    /// The name of the world.
    pub name: String,
    /// The interfaces of packages that it imports, in order.
    pub imports: Vec<WorldImport>,
}

/// The worlds in a text; not those of packages nested in it.
pub fn worlds(text: &str) -> Vec<WorldText> {
    let all = blocks(text).into_iter().map(|block| WorldText {
        name: block.name,
        imports: block.items.into_iter().filter_map(|i| i.import).collect(),
    });
    all.collect()
}

/// The text with another statement in a world: behind the last of its imports,
/// or else where it begins. `None` if there is no such world.
pub fn insert_import(text: &str, world: &str, statement: &str) -> Option<String> {
    let block = blocks(text).into_iter().find(|block| block.name == world)?;
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let line_at = |at: usize, indent: &str| (at..at, format!("{newline}{indent}{statement}"));
    let beside = |at: usize| (at..at, format!(" {statement}"));
    let last = block.items.iter().rfind(|item| item.adds_items);
    let (at, new) = match (last, rest_of_line(text, block.body.start)) {
        (Some(item), _) => match rest_of_line(text, item.at.end) {
            Some(end) => line_at(end, &indent(text, item.at.start)),
            None => beside(item.at.end),
        },
        (None, _) if text[block.body.clone()].trim().is_empty() => {
            let outer = leading(text, block.start);
            let new = format!("{newline}{outer}    {statement}{newline}{outer}");
            (block.body, new)
        }
        (None, Some(end)) => {
            let first = block.items.first();
            let start = first.map_or(block.start, |item| item.at.start);
            line_at(end, &indent(text, start))
        }
        (None, None) => beside(block.body.start),
    };
    Some([&text[..at.start], &new, &text[at.end..]].concat())
}

/// The text without some imports and their documentation, and without lines that
/// become empty. `None` if there are no such imports.
pub fn remove_imports(text: &str, which: impl Fn(&str, &WorldImport) -> bool) -> Option<String> {
    let mut removed = Vec::new();
    for block in blocks(text) {
        for item in &block.items {
            if item.import.as_ref().is_some_and(|i| which(&block.name, i)) {
                removed.push(whole(text, item.at.clone()));
            }
        }
    }
    let mut left = String::with_capacity(text.len());
    let mut copied = 0;
    for at in &removed {
        left.push_str(&text[copied..at.start]);
        copied = at.end;
    }
    left.push_str(&text[copied..]);
    (!removed.is_empty()).then_some(left)
}

/// A statement with its documentation; with its lines, if they have nothing
/// else.
fn whole(text: &str, at: Range<usize>) -> Range<usize> {
    let before = &text[line_start(text, at.start)..at.start];
    let (true, Some(end)) = (before.trim().is_empty(), rest_of_line(text, at.end)) else {
        let space = text[..at.start].ends_with(' ');
        return at.start - usize::from(space)..at.end;
    };
    let mut start = line_start(text, at.start);
    while start > 0 {
        let above = line_start(text, start - 1);
        let line = text[above..start].trim();
        let block = line.starts_with("/**") && line.ends_with("*/");
        if !line.starts_with("///") && !block {
            break;
        }
        start = above;
    }
    let rest = &text[end..];
    let newline = rest.find('\n').map_or(rest.len(), |at| at + 1);
    start..end + newline
}

/// A world with the byte ranges of its statements.
struct WorldBlock {
    name: String,
    /// The offset of its first byte.
    start: usize,
    /// The byte range between its braces.
    body: Range<usize>,
    items: Vec<WorldStatement>,
}

/// One statement of a world.
struct WorldStatement {
    at: Range<usize>,
    /// Whether the world gets items by it: an import, `use` or `include`.
    adds_items: bool,
    import: Option<WorldImport>,
}

fn blocks(text: &str) -> Vec<WorldBlock> {
    let tokens = tokens(text);
    let mut blocks = Vec::new();
    let (mut at, mut depth) = (0, 0_usize);
    while at < tokens.len() {
        match tokens[at].text {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            "world" if depth == 0 => {
                if let [world, name, brace, ..] = &tokens[at..]
                    && brace.text == "{"
                {
                    let (items, end) = items(&tokens, at + 3);
                    let close = tokens.get(end).map_or(text.len(), |token| token.start);
                    blocks.push(WorldBlock {
                        name: name.name().to_owned(),
                        start: world.start,
                        body: brace.end()..close,
                        items,
                    });
                    at = end;
                }
            }
            _ => {}
        }
        at += 1;
    }
    blocks
}

/// The statements from here, and the position of the brace that ends them.
fn items(tokens: &[Token<'_>], mut at: usize) -> (Vec<WorldStatement>, usize) {
    let mut items = Vec::new();
    while at < tokens.len() && tokens[at].text != "}" {
        let end = item_end(tokens, at);
        let item = &tokens[at..end];
        let statement = without_gates(item);
        let word = statement.first().map(|token| token.text);
        items.push(WorldStatement {
            at: item[0].start..item[item.len() - 1].end(),
            adds_items: matches!(word, Some("import" | "use" | "include")),
            import: import(statement),
        });
        at = end;
    }
    (items, at)
}

/// The position behind the statement that starts here.
fn item_end(tokens: &[Token<'_>], start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match token.text {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    let semicolon = tokens.get(at + 1).is_some_and(|next| next.text == ";");
                    return at + 1 + usize::from(semicolon);
                }
            }
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

/// A statement without `@since(…)` and the like before it.
fn without_gates<'a, 't>(mut item: &'a [Token<'t>]) -> &'a [Token<'t>] {
    while item.first().is_some_and(|token| token.text == "@") {
        let end = item.iter().position(|token| token.text == ")");
        item = end.map_or(&[], |end| &item[end + 1..]);
    }
    item
}

/// The interface of a package that a statement imports.
fn import(statement: &[Token<'_>]) -> Option<WorldImport> {
    let (path, version) = match statement {
        [import, path @ .., at, version, end]
            if at.text == "@" && import.text == "import" && end.text == ";" =>
        {
            (path, Some(version.text.parse().ok()?))
        }
        [import, path @ .., end] if import.text == "import" && end.text == ";" => (path, None),
        _ => return None,
    };
    let [namespace, colon, name, slash, interface] = path else {
        return None;
    };
    if colon.text != ":" || slash.text != "/" {
        return None;
    }
    let package = format!("{}:{}", namespace.name(), name.name());
    Some(WorldImport {
        package: package.parse().ok()?,
        interface: interface.name().to_owned(),
        version,
    })
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The white space at the start of the line of an offset.
fn leading(text: &str, at: usize) -> &str {
    let line = &text[line_start(text, at)..];
    let end = line.find(|c| c != ' ' && c != '\t');
    &line[..end.unwrap_or(line.len())]
}

/// The indentation of a new statement beside the one at an offset.
fn indent(text: &str, at: usize) -> String {
    let leading = leading(text, at);
    match line_start(text, at) + leading.len() == at && !text[at..].starts_with("world") {
        true => leading.to_owned(),
        false => format!("{leading}    "),
    }
}

/// The end of the line of an offset, if nothing but comments follows in it.
fn rest_of_line(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    let end = rest.find('\n')?;
    let line = rest[..end].strip_suffix('\r').unwrap_or(&rest[..end]);
    // A comment that continues in the next line would swallow a new statement.
    let is_open = line.matches("/*").count() > line.matches("*/").count();
    (tokens(line).is_empty() && !is_open).then(|| at + line.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inserted(text: &str) -> String {
        let new = insert_import(text, "w", "import a:b/c@1.0.0;").unwrap();
        let import = &worlds(&new)[0].imports;
        let is = |import: &&WorldImport| import.to_string() == "a:b/c@1.0.0";
        assert_eq!(import.iter().filter(is).count(), 1, "{new}");
        new
    }

    #[test]
    fn an_import_goes_behind_the_others() {
        for (before, after) in [
            (
                "world w {\n  // one\n  import x; // x\n\n  export y: func();\n}\n",
                "world w {\n  // one\n  import x; // x\n  import a:b/c@1.0.0;\n\n  export y: func();\n}\n",
            ),
            (
                "package n:p { world w {} }\nworld w {\r\n\tinclude v with { x as y }\r\n}",
                "package n:p { world w {} }\nworld w {\r\n\tinclude v with { x as y }\r\n\timport a:b/c@1.0.0;\r\n}",
            ),
            (
                "world w { import x; export y; }",
                "world w { import x; import a:b/c@1.0.0; export y; }",
            ),
            (
                "world w {\n    import n: interface {\n        f: func();\n    }\n    type t = u8;\n}",
                "world w {\n    import n: interface {\n        f: func();\n    }\n    import a:b/c@1.0.0;\n    type t = u8;\n}",
            ),
            (
                "world w {\n    use v.{x};\n    @since(version = 1.0.0)\n    import y; /* long\n    comment */\n}",
                "world w {\n    use v.{x};\n    @since(version = 1.0.0)\n    import y; import a:b/c@1.0.0; /* long\n    comment */\n}",
            ),
        ] {
            assert_eq!(inserted(before), after);
        }
    }

    #[test]
    fn the_first_import_goes_where_the_world_begins() {
        for (before, after) in [
            ("world w {}", "world w {\n    import a:b/c@1.0.0;\n}"),
            (
                "world w {\r\n}\r\n",
                "world w {\r\n    import a:b/c@1.0.0;\r\n}\r\n",
            ),
            (
                "world w { // why\n  /// y\n  export y: func();\n}",
                "world w { // why\n  import a:b/c@1.0.0;\n  /// y\n  export y: func();\n}",
            ),
            (
                "world w { export y; }",
                "world w { import a:b/c@1.0.0; export y; }",
            ),
            (
                "world w {\n    // nothing yet\n}",
                "world w {\n    import a:b/c@1.0.0;\n    // nothing yet\n}",
            ),
        ] {
            assert_eq!(inserted(before), after);
        }
        assert_eq!(insert_import("world w {}", "v", ""), None);
        assert_eq!(insert_import("// world w {}", "w", ""), None);
    }

    #[test]
    fn what_is_inserted_is_removed_again() {
        let text =
            "world w {\n    // kept\n    import x:y/z;\n\n    /// said\n    export e: func();\n}\n";
        let is = |_: &str, import: &WorldImport| import.interface == "c";
        let new = insert_import(text, "w", "import a:b/c;").unwrap();
        assert_eq!(remove_imports(&new, is).as_deref(), Some(text));
        assert_eq!(remove_imports(text, is), None);
        let documented = "world w {\n    /// of c\n    @unstable(feature = f)\n    import a:b/c; // why\n    import d:e/f;\n}";
        assert_eq!(
            remove_imports(documented, is).as_deref(),
            Some("world w {\n    import d:e/f;\n}")
        );
        assert_eq!(
            remove_imports("world w { import a:b/c@1.0.0; export d; }", is).as_deref(),
            Some("world w { export d; }")
        );
    }

    #[test]
    fn a_keyword_is_escaped() {
        let import = WorldImport {
            package: "type:world".parse().unwrap(),
            interface: "use".to_owned(),
            version: None,
        };
        assert_eq!(import.statement(), "import %type:%world/%use;");
        let text = format!("world w {{ {} }}", import.statement());
        assert_eq!(worlds(&text)[0].imports, [import]);
    }
}
