//! Validation of components. The code of functions is most of the work, and each of them
//! can be validated alone, so that several threads share it, beside other work.

use wasmparser::types::Types;
use wasmparser::{
    BinaryReaderError, FuncToValidate, FuncValidatorAllocations, FunctionBody, Parser,
    ValidPayload, Validator, ValidatorResources, WasmFeatures,
};

use crate::base::parallel::BYTES_PER_THREAD;

type Function<'a> = (FuncToValidate<ValidatorResources>, FunctionBody<'a>);

/// The code of functions that one thread validates at a time.
pub(super) struct Code<'a> {
    functions: Vec<Function<'a>>,
    size: usize,
}

/// Validates a component without the code of its functions, and returns its types, or
/// none if it is truncated.
pub(super) fn validate_structure(
    bytes: &[u8],
    features: WasmFeatures,
) -> Result<Option<Types>, BinaryReaderError> {
    validate(bytes, features, &mut |_| {})
}

/// As [`validate_structure`]; also returns the code, which is still to be validated.
pub(super) fn validate_leaving_code(
    bytes: &[u8],
    features: WasmFeatures,
) -> Result<(Option<Types>, Vec<Code<'_>>), BinaryReaderError> {
    let mut portions: Vec<Code<'_>> = Vec::new();
    let types = validate(bytes, features, &mut |function| {
        let size = function.1.as_bytes().len();
        match portions.last_mut() {
            Some(portion) if portion.size + size <= BYTES_PER_THREAD => {
                portion.functions.push(function);
                portion.size += size;
            }
            _ => portions.push(Code {
                functions: vec![function],
                size,
            }),
        }
    })?;
    Ok((types, portions))
}

fn validate<'a>(
    bytes: &'a [u8],
    features: WasmFeatures,
    code: &mut dyn FnMut(Function<'a>),
) -> Result<Option<Types>, BinaryReaderError> {
    let mut validator = Validator::new_with_features(features);
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut types = None;
    for payload in parser.parse_all(bytes) {
        match validator.payload(&payload?)? {
            ValidPayload::Func(function, body) => code((function, body)),
            // The outermost component ends last.
            ValidPayload::End(found) => types = Some(found),
            _ => {}
        }
    }
    Ok(types)
}

impl Code<'_> {
    /// How many bytes it has.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Validates it up to the first function that is not valid.
    pub fn validate(self) -> Result<(), BinaryReaderError> {
        let mut allocations = FuncValidatorAllocations::default();
        for (function, body) in self.functions {
            let mut validator = function.into_validator(allocations);
            validator.validate(&body)?;
            allocations = validator.into_allocations();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component with as many functions of a KiB as given; those at `broken` leave
    /// something on the stack.
    fn component(functions: usize, broken: &[usize]) -> Vec<u8> {
        let mut text = String::from("(component (core module");
        for at in 0..functions {
            let code = "i32.const 70000 drop ".repeat(256);
            let rest = if broken.contains(&at) {
                "i32.const 1"
            } else {
                ""
            };
            text += &format!("(func {code} {rest})");
        }
        wat::parse_str(text + "))").unwrap()
    }

    #[test]
    fn the_first_error_is_that_of_the_validator() {
        let features = WasmFeatures::default();
        let whole = |bytes: &[u8]| {
            let mut validator = Validator::new_with_features(features);
            validator.validate_all(bytes).map(drop)
        };
        for (functions, broken) in [
            (0, vec![]),
            (1, vec![0]),
            (300, vec![]),
            (300, vec![299, 7, 130]),
            (300, vec![201]),
        ] {
            let bytes = component(functions, &broken);
            let text = |result: Result<(), BinaryReaderError>| result.map_err(|e| e.to_string());
            let (types, code) = validate_leaving_code(&bytes, features).unwrap();
            assert!(types.is_some());
            assert_eq!(code.len() > 2, functions > 2);
            let size = code.iter().map(Code::size).sum::<usize>();
            assert!((functions << 10..bytes.len()).contains(&size));
            let validated = code.into_iter().try_for_each(Code::validate);
            assert_eq!(validated.is_ok(), broken.is_empty());
            assert_eq!(text(validated), text(whole(&bytes)));
        }
        let cut = &component(3, &[])[..500];
        assert!(validate_structure(cut, features).is_err());
    }
}
