wit_bindgen::generate!({ path: "wit/resolved", generate_all });

use example::greeter::greeting::{Style, greet};

fn main() {
    let name = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "world".to_owned());
    println!("{}", greet(&name, Style::Friendly));
}
