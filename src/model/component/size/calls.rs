//! Which functions of a module call which.

use std::collections::VecDeque;

use wasmparser::{Operator, Parser, Payload};

use crate::base::error::{Error, Result};
use crate::model::component::core_functions::CoreFunctions;

/// The direct calls of a module, by the function that is called.
pub(super) struct Calls {
    callers: Vec<Vec<u32>>,
}

/// A function from which another one is reached by direct calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reached {
    /// The number of the function.
    pub function: u32,
    /// The function that it calls on the shortest way.
    pub calls: u32,
}

impl Calls {
    /// Reads the calls in all functions of a module.
    pub fn read(module: &[u8], functions: &CoreFunctions<'_>) -> Result<Self> {
        let failed = |e| Error::input("failed to read the code of a module").with_cause(e);
        let count = functions.imports.len() + functions.bodies.len();
        let mut callers: Vec<Vec<u32>> = vec![Vec::new(); count];
        let mut caller = functions.number(0);
        for payload in Parser::new(0).parse_all(module) {
            let Payload::CodeSectionEntry(body) = payload.map_err(failed)? else {
                continue;
            };
            for operator in body.get_operators_reader().map_err(failed)? {
                let (Operator::Call { function_index } | Operator::ReturnCall { function_index }) =
                    operator.map_err(failed)?
                else {
                    continue;
                };
                if let Some(callers) = callers.get_mut(function_index as usize)
                    && callers.last() != Some(&caller)
                {
                    callers.push(caller);
                }
            }
            caller += 1;
        }
        Ok(Calls { callers })
    }

    /// The functions from which one of `targets` is reached, the nearest first. Beyond those
    /// that are `ends`, nothing is looked for.
    pub fn reaching(&self, targets: &[u32], ends: impl Fn(u32) -> bool) -> Vec<Reached> {
        let mut seen = vec![false; self.callers.len()];
        let mut open: VecDeque<u32> = VecDeque::new();
        for target in targets {
            if let Some(seen) = seen.get_mut(*target as usize) {
                *seen = true;
                open.push_back(*target);
            }
        }
        let mut found = Vec::new();
        while let Some(calls) = open.pop_front() {
            for &function in &self.callers[calls as usize] {
                if std::mem::replace(&mut seen[function as usize], true) {
                    continue;
                }
                found.push(Reached { function, calls });
                if !ends(function) {
                    open.push_back(function);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_found_by_direct_calls_nearest_first() {
        let text = r#"(module
            (import "a" "b" (func $b))
            (func $one (call $b) (call $b))
            (func $two (call $one) (call $two))
            (func $three (return_call $two))
            (func $other))"#;
        let bytes = wat::parse_str(text).unwrap();
        let functions = CoreFunctions::read(&bytes).unwrap();
        let calls = Calls::read(&bytes, &functions).unwrap();
        let reached = |end| {
            let found = calls.reaching(&[0], |function| function == end);
            let found = found.iter().map(|at| (at.function, at.calls));
            found.collect::<Vec<_>>()
        };
        assert_eq!(reached(9), [(1, 0), (2, 1), (3, 2)]);
        assert_eq!(reached(2), [(1, 0), (2, 1)]);
        assert_eq!(calls.reaching(&[4, 99], |_| false), []);
    }
}
