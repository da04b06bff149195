//! Names of functions as compilers write them, and as people read them.

use std::fmt;

/// How many bytes a demangled name of C++ may have. A few bytes can stand for gigabytes.
const MAX_NAME: usize = 4 << 10;

/// The name of a function as it is in the source, in Rust without the hash that rustc appends.
/// A name that neither rustc nor a compiler of C++ mangled stays as it is.
pub fn demangled(symbol: &str) -> String {
    let name = match rustc_demangle::try_demangle(symbol) {
        Ok(name) => format!("{name:#}"),
        Err(_) => demangled_cpp(symbol).unwrap_or_else(|| symbol.to_owned()),
    };
    without_hash(&name).to_owned()
}

/// The name of a function of C++ with the types of its parameters; `None` for other names, and
/// for one that is too long.
fn demangled_cpp(symbol: &str) -> Option<String> {
    let mut name = Name(String::new());
    let symbol = cpp_demangle::Symbol::new(symbol).ok()?;
    symbol
        .structured_demangle(&mut name, &Default::default())
        .ok()?;
    Some(name.0)
}

/// A name that does not become longer than [`MAX_NAME`].
struct Name(String);

impl fmt::Write for Name {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        if self.0.len() + part.len() > MAX_NAME {
            return Err(fmt::Error);
        }
        self.0.push_str(part);
        Ok(())
    }
}

/// A function's name without the `::h0123456789abcdef` that rustc may append.
pub fn without_hash(name: &str) -> &str {
    match name.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 && hash.chars().all(|c| c.is_ascii_hexdigit()) => {
            name
        }
        _ => name,
    }
}

/// Whether rustc mangled this name, in its older or its newer way.
pub fn is_mangled(symbol: &str) -> bool {
    rustc_demangle::try_demangle(symbol).is_ok()
}

/// The crate that has a function, by the function's demangled name: the first segment of
/// the first path in it. `None` for a name without path, such as that of a function in C.
pub fn crate_of(name: &str) -> Option<&str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = name;
    while let Some(start) = rest.find(is_part) {
        let word = &rest[start..];
        let end = word.find(|c| !is_part(c)).unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        if after.starts_with("::") && !word.starts_with(|c: char| c.is_ascii_digit()) {
            return Some(word);
        }
        rest = after;
    }
    None
}

/// The crates of Rust's standard library, as they appear in names.
const OF_STD: &[&str] = &[
    "__rustc",
    "alloc",
    "core",
    "dlmalloc",
    "hashbrown",
    "panic_abort",
    "panic_unwind",
    "std",
    "wasi",
    "wasip1",
    "wasip2",
    "wasip3",
];

/// Whether a function, by its demangled name, is one of Rust's standard library, of libc, or
/// of an adapter.
pub fn is_of_std(name: &str) -> bool {
    crate_of(name).is_none_or(|of| OF_STD.contains(&of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_mangling_are_read() {
        let legacy = "_ZN59_$LT$hello..Component$u20$as$u20$hello..bindings..Guest$GT$11hello_world17h9214c2f294fa4924E";
        let name = "<hello::Component as hello::bindings::Guest>::hello_world";
        assert_eq!(demangled(legacy), name);
        let newer = "_RNvNtCsdHhIpgkcIfN_4core9panicking9panic_fmt";
        assert_eq!(demangled(newer), "core::panicking::panic_fmt");
        assert_eq!(demangled("dlmalloc"), "dlmalloc");
        assert_eq!(demangled("a:b/c#f"), "a:b/c#f");
        assert!(is_mangled(legacy) && is_mangled(newer) && !is_mangled("main"));
    }

    #[test]
    fn names_of_cpp_are_read_unless_they_are_too_long() {
        assert_eq!(demangled("_ZN3geo4areaEi"), "geo::area(int)");
        assert!(!is_of_std("geo::area(int)") && !is_mangled("_ZN3geo4areaEi"));
        // Each parameter is a pair of the one before: the name of thirty has a gigabyte.
        let pairs = |count: usize| {
            let digit = |n: usize| char::from_digit(n as u32, 36).unwrap().to_ascii_uppercase();
            let next = |n| format!("S_IS{0}_S{0}_E", digit(n));
            let rest: String = (0..count).map(next).collect();
            format!("_Z1f1pIiiE{rest}")
        };
        let short = demangled(&pairs(2));
        assert!(short.starts_with("f(p<int, int>, p<"), "{short}");
        assert_eq!(demangled(&pairs(30)), pairs(30));
    }

    #[test]
    fn names_lose_the_hash_only() {
        assert_eq!(without_hash("a::b::h19802a56818de6d4"), "a::b");
        assert_eq!(without_hash("a::hello"), "a::hello");
    }

    #[test]
    fn the_crate_is_the_first_segment_of_a_path() {
        for (name, of) in [
            ("core::panicking::panic_fmt", Some("core")),
            (
                "<hello::Component as hello::bindings::Guest>::f",
                Some("hello"),
            ),
            ("<&str as core::fmt::Display>::fmt", Some("core")),
            ("<[u8; 4] as alloc::slice::Concat>::concat", Some("alloc")),
            ("core::ptr::drop_in_place<my::Type>", Some("core")),
            ("dlmalloc", None),
            ("a:b/c#f", None),
            ("", None),
        ] {
            assert_eq!(crate_of(name), of, "{name}");
        }
    }
}
