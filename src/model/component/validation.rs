//! Validation of whole components. The code of functions is most of the work, and
//! each of them can be validated alone, so that several threads share it.

use wasmparser::{
    BinaryReaderError, FuncToValidate, FuncValidatorAllocations, FunctionBody, Parser,
    ValidPayload, Validator, ValidatorResources, WasmFeatures,
};

use crate::base::parallel;

/// The code that one thread validates at a time, in bytes; less than this is not
/// worth a thread.
const PORTION: usize = 64 << 10;

type Functions<'a> = Vec<(FuncToValidate<ValidatorResources>, FunctionBody<'a>)>;

/// Validates a component with the code of its functions. The error is that of
/// [`Validator::validate_all`].
pub(super) fn validate(bytes: &[u8], features: WasmFeatures) -> Result<(), BinaryReaderError> {
    let mut validator = Validator::new_with_features(features);
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut portions: Vec<Functions<'_>> = Vec::new();
    let mut left = 0;
    for payload in parser.parse_all(bytes) {
        if let ValidPayload::Func(function, body) = validator.payload(&payload?)? {
            let size = body.as_bytes().len();
            if size > left {
                portions.push(Vec::new());
                left = PORTION;
            }
            left = left.saturating_sub(size);
            if let Some(portion) = portions.last_mut() {
                portion.push((function, body));
            }
        }
    }
    parallel::compute(portions, validate_code)
        .into_iter()
        .collect()
}

/// Validates the code of functions up to the first that is not valid.
fn validate_code(functions: Functions<'_>) -> Result<(), BinaryReaderError> {
    let mut allocations = FuncValidatorAllocations::default();
    for (function, body) in functions {
        let mut validator = function.into_validator(allocations);
        validator.validate(&body)?;
        allocations = validator.into_allocations();
    }
    Ok(())
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
            assert_eq!(text(validate(&bytes, features)), text(whole(&bytes)));
            assert_eq!(validate(&bytes, features).is_ok(), broken.is_empty());
        }
        let cut = &component(3, &[])[..500];
        assert!(validate(cut, features).is_err());
    }
}
