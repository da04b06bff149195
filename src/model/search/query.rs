//! What is searched for, and which packages it selects.

use super::interface_pattern::InterfacePattern;
use crate::base::error::Result;
use crate::model::component::Surface;

/// The words and interfaces of a search. An empty query selects every package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The words in lower case.
    words: Vec<String>,
    exports: Vec<InterfacePattern>,
    imports: Vec<InterfacePattern>,
}

/// Where the words of a query are found; the best place comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// A word is the whole name of the package, with or without its namespace.
    Exact,
    /// All words are parts of the name.
    Name,
    /// A word is only in the description.
    Description,
}

impl Query {
    /// A query for these words, which may have spaces within, and interfaces.
    ///
    /// # Errors
    ///
    /// If one of the interfaces is not the name of one.
    pub fn new(words: &[String], exports: &[String], imports: &[String]) -> Result<Self> {
        let patterns = |all: &[String]| -> Result<Vec<InterfacePattern>> {
            all.iter().map(|text| text.parse()).collect()
        };
        let words = words.iter().flat_map(|text| text.split_whitespace());
        Ok(Query {
            words: words.map(str::to_lowercase).collect(),
            exports: patterns(exports)?,
            imports: patterns(imports)?,
        })
    }

    /// The words in lower case.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The exports, all of which a package must have.
    pub fn exports(&self) -> &[InterfacePattern] {
        &self.exports
    }

    /// The imports, all of which a package must have.
    pub fn imports(&self) -> &[InterfacePattern] {
        &self.imports
    }

    /// Whether the content of a package decides.
    pub fn needs_content(&self) -> bool {
        !self.exports.is_empty() || !self.imports.is_empty()
    }

    /// Where the words are found in a name, `namespace:name`, and a description; `None` if
    /// one of them is in neither.
    pub fn rank(&self, name: &str, description: Option<&str>) -> Option<Rank> {
        let short = name.split_once(':').map_or(name, |(_, short)| short);
        if self.words.iter().any(|word| word == name || word == short)
            && self.words.iter().all(|word| name.contains(word))
        {
            return Some(Rank::Exact);
        }
        if self.words.iter().all(|word| name.contains(word)) {
            return Some(Rank::Name);
        }
        let description = description.unwrap_or_default().to_lowercase();
        let found = |word: &String| name.contains(word) || description.contains(word.as_str());
        self.words.iter().all(found).then_some(Rank::Description)
    }

    /// The first of these surfaces, of a component or of the worlds of a package, that has
    /// all imports and exports of the query.
    pub fn select<'s>(&self, surfaces: &'s [Surface]) -> Option<&'s Surface> {
        let has = |patterns: &[InterfacePattern], names: &[String]| {
            let is_there = |pattern: &InterfacePattern| names.iter().any(|n| pattern.accepts(n));
            patterns.iter().all(is_there)
        };
        surfaces.iter().find(|surface| {
            has(&self.exports, &surface.exports) && has(&self.imports, &surface.imports)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn all_words_have_to_be_in_the_name_or_the_description() {
        let rank = |words: &[&str], name: &str, description: Option<&str>| {
            let query = Query::new(&strings(words), &[], &[]).unwrap();
            query.rank(name, description)
        };
        assert_eq!(rank(&["Regex"], "fancy:regex", None), Some(Rank::Exact));
        assert_eq!(
            rank(&["fancy:regex"], "fancy:regex", None),
            Some(Rank::Exact)
        );
        assert_eq!(rank(&["reg fan"], "fancy:regex", None), Some(Rank::Name));
        assert_eq!(
            rank(&["regex", "Match"], "fancy:regex", Some("Matches TEXT")),
            Some(Rank::Description)
        );
        assert_eq!(rank(&["regex", "other"], "fancy:regex", Some("x")), None);
        assert_eq!(rank(&[], "fancy:regex", None), Some(Rank::Name));
    }

    #[test]
    fn one_world_has_all_imports_and_exports() {
        let surface = |imports: &[&str], exports: &[&str]| Surface {
            imports: strings(imports),
            exports: strings(exports),
        };
        let worlds = [
            surface(&["a:b/c@1.0.0"], &[]),
            surface(&[], &["a:b/d@1.0.0"]),
            surface(&["a:b/c@1.0.0"], &["a:b/d@1.0.0", "a:b/e"]),
        ];
        let select = |exports: &[&str], imports: &[&str]| {
            let query = Query::new(&[], &strings(exports), &strings(imports)).unwrap();
            assert!(query.needs_content());
            query.select(&worlds).cloned()
        };
        assert_eq!(select(&["a:b/d"], &[]), Some(worlds[1].clone()));
        assert_eq!(
            select(&["a:b/d", "a:b/e"], &["a:b/c"]),
            Some(worlds[2].clone())
        );
        assert_eq!(select(&["a:b/c"], &[]), None);
        assert!(
            !Query::new(&strings(&["x"]), &[], &[])
                .unwrap()
                .needs_content()
        );
    }
}
