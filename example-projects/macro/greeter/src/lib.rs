wit_bindgen::generate!();

use exports::example::greeter::greeting::{Guest, Style};

struct Greeter;

impl Guest for Greeter {
    fn greet(name: String, style: Style) -> String {
        match style {
            Style::Friendly => format!("Hello, {name}!"),
            Style::Formal => format!("Good day, {name}."),
        }
    }
}

export!(Greeter);
