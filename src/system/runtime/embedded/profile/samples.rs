//! The stacks that were seen, each function and each stack kept once.

use std::collections::HashMap;
use std::time::Duration;

/// How much time is between two samples.
pub const INTERVAL: Duration = Duration::from_millis(1);

/// Samples of the stack of a component.
#[derive(Debug, Default)]
pub struct Samples {
    names: Names,
    stacks: Vec<Vec<u32>>,
    numbers: HashMap<Vec<u32>, usize>,
    /// When each sample was taken, and the number of its stack.
    taken: Vec<(Duration, usize)>,
}

#[derive(Debug, Default)]
struct Names {
    names: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }
}

impl Samples {
    /// Adds a sample that was taken at this time since the start; `stack` has the names of
    /// the functions as the compiler wrote them, the innermost first.
    pub fn add<'a>(&mut self, at: Duration, stack: impl Iterator<Item = &'a str>) {
        let mut stack: Vec<u32> = stack.map(|name| self.names.number(name)).collect();
        stack.reverse();
        let number = match self.numbers.get(&stack) {
            Some(number) => *number,
            None => {
                self.stacks.push(stack.clone());
                self.numbers.insert(stack, self.stacks.len() - 1);
                self.stacks.len() - 1
            }
        };
        self.taken.push((at, number));
    }

    /// The names of all functions, as the compiler wrote them.
    pub fn names(&self) -> &[String] {
        &self.names.names
    }

    /// The stacks, each as indices into the names, the outermost first.
    pub fn stacks(&self) -> &[Vec<u32>] {
        &self.stacks
    }

    /// When each sample was taken, and the index of its stack.
    pub fn taken(&self) -> &[(Duration, usize)] {
        &self.taken
    }
}
