//! Samples as a flame graph.

use inferno::flamegraph::{Options, from_lines};

use super::samples::Samples;
use crate::base::error::{Error, Result};

/// The flame graph as SVG. `names` has a text for each name in `samples`.
pub(super) fn graph(component: &str, samples: &Samples, names: &[String]) -> Result<Vec<u8>> {
    let mut counts = vec![0_usize; samples.stacks().len()];
    for (_, stack) in samples.taken() {
        counts[*stack] += 1;
    }
    let lines: Vec<String> = samples
        .stacks()
        .iter()
        .zip(counts)
        .map(|(stack, count)| {
            let names = stack.iter().map(|name| frame(&names[*name as usize]));
            format!("{} {count}", names.collect::<Vec<_>>().join(";"))
        })
        .collect();
    let mut options = Options::default();
    options.title = component.to_owned();
    options.deterministic = true;
    let mut svg = Vec::new();
    from_lines(&mut options, lines.iter().map(String::as_str), &mut svg)
        .map_err(|e| Error::input("failed to draw the flame graph").with_cause(e))?;
    Ok(svg)
}

/// A name without what separates frames.
fn frame(name: &str) -> String {
    name.replace(';', ",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_graph_has_every_function() {
        let mut samples = Samples::default();
        samples.add(Duration::from_millis(1), ["g", "f"].into_iter());
        samples.add(Duration::from_millis(2), ["f"].into_iter());
        let names = ["<[u8; 4] as a::G>::g", "a::f"].map(str::to_owned);
        let svg = String::from_utf8(graph("a.wasm", &samples, &names).unwrap()).unwrap();
        assert!(svg.starts_with("<?xml") && svg.contains("<svg"), "{svg}");
        assert!(svg.contains("&lt;[u8, 4] as a::G&gt;::g"), "{svg}");
        assert!(svg.contains("a::f (2 samples, 100%)"), "{svg}");
    }
}
