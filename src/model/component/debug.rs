//! Removing debug information from a component.

use wasmparser::Payload;

use super::sections::sections;
use crate::base::error::Result;

/// The component without DWARF sections, at any depth; names of functions stay.
/// `None` if it has no such sections, or cannot be parsed.
pub fn without_dwarf(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut lean = Vec::new();
    match copy(bytes, &mut lean) {
        Ok(true) => Some(lean),
        Ok(false) | Err(_) => None,
    }
}

/// Copies all other sections; returns whether some were left out.
fn copy(bytes: &[u8], to: &mut Vec<u8>) -> Result<bool> {
    let mut less = false;
    for section in sections(bytes) {
        let section = section?;
        match (&section.payload, section.nested) {
            (Payload::CustomSection(custom), _) if custom.name().starts_with(".debug_") => {
                less = true;
            }
            (_, Some(nested)) => {
                let mut inner = Vec::new();
                less |= copy(nested, &mut inner)?;
                to.push(section.raw[0]);
                length(inner.len(), to);
                to.append(&mut inner);
            }
            _ => to.extend_from_slice(section.raw),
        }
    }
    Ok(less)
}

/// Writes a length as LEB128.
fn length(mut length: usize, to: &mut Vec<u8>) {
    loop {
        let low = (length & 0x7f) as u8;
        length >>= 7;
        if length == 0 {
            to.push(low);
            return;
        }
        to.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_debug_information_goes() {
        let text = |custom: &str| {
            let module = format!(
                "(core module (func (export \"f\") (result i32) i32.const 7) {custom} (@custom \"kept\" \"x\"))"
            );
            let text = format!("(component {module} (component {module}) (@custom \"too\" \"y\"))");
            wat::parse_str(text).unwrap()
        };
        let long = "x".repeat(300);
        let full = text(&format!("(@custom \".debug_info\" \"{long}\")"));
        let lean = without_dwarf(&full).unwrap();
        assert_eq!(lean, text(""));
        wasmparser::validate(&lean).unwrap();
        assert_eq!(without_dwarf(&lean), None);
        assert_eq!(without_dwarf(&full[..full.len() - 3]), None);
        assert_eq!(without_dwarf(b"text"), None);
    }
}
