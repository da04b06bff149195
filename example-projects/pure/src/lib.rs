#[allow(warnings)]
#[rustfmt::skip]
mod bindings;

use std::collections::HashMap;

use bindings::Guest;

struct Component;

impl Guest for Component {
    fn count(text: String) -> Vec<(String, u32)> {
        // `HashMap` asks for random numbers, which `randomness = "fixed"` provides.
        let mut words: HashMap<String, u32> = HashMap::new();
        for word in text.split_whitespace() {
            *words.entry(word.to_lowercase()).or_default() += 1;
        }
        let mut words: Vec<_> = words.into_iter().collect();
        // The order must not depend on these numbers.
        words.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
        words
    }
}

bindings::export!(Component with_types_in bindings);
