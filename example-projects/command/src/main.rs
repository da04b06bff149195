//! Greets everyone named on the command line, or everyone named on a line of
//! standard input where no one is.

use std::io::BufRead as _;

fn main() {
    let mut names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        let lines = std::io::stdin().lock().lines();
        names = lines.map_while(Result::ok).collect();
    }
    let greeting = std::env::var("GREETING").unwrap_or_else(|_| "Hello".to_owned());
    for name in &names {
        println!("{}", greet(&greeting, name));
    }
    if names.is_empty() {
        eprintln!("nobody to greet");
        std::process::exit(1);
    }
}

fn greet(greeting: &str, name: &str) -> String {
    format!("{greeting}, {}!", name.trim())
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_trimmed() {
        assert_eq!(super::greet("Hello", " world "), "Hello, world!");
    }
}
