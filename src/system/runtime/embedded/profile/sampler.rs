//! Takes samples while a component runs, and writes them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use wasmtime::{Store, UpdateDeadline, WasmBacktrace};

use super::samples::Samples;
use super::{firefox, flame_graph};
use crate::base::error::{Error, Result};
use crate::model::component::symbols::demangled;
use crate::system::fs;
use crate::system::runtime::profile_output::{ProfileFormat, ProfileOutput};

/// Takes the samples of one run.
pub struct Sampler {
    output: ProfileOutput,
    /// The name of the component.
    name: String,
    started: Instant,
    samples: Mutex<Samples>,
}

impl Sampler {
    /// A sampler without samples, for the component of this name.
    pub fn new(output: ProfileOutput, name: &str) -> Self {
        Sampler {
            output,
            name: name.to_owned(),
            started: Instant::now(),
            samples: Mutex::default(),
        }
    }

    /// Takes a sample of this instance whenever it is interrupted.
    pub fn watch<T: 'static>(self: &Arc<Self>, store: &mut Store<T>) {
        let sampler = self.clone();
        store.epoch_deadline_callback(move |instance| {
            sampler.take(&WasmBacktrace::force_capture(&instance));
            Ok(UpdateDeadline::Yield(1))
        });
    }

    fn take(&self, stack: &WasmBacktrace) {
        let at = self.started.elapsed();
        let names = stack.frames().iter().map(|frame| frame.func_name());
        let names = names.map(|name| name.unwrap_or("<unknown>"));
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        samples.add(at, names);
    }

    /// Writes what was sampled.
    ///
    /// # Errors
    ///
    /// If there is nothing, or the file cannot be written.
    pub fn write(&self) -> Result<()> {
        let samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = self.output.path.display();
        if samples.taken().is_empty() {
            let text = format!("failed to write the profile `{shown}`");
            return Err(Error::input(text)
                .with_cause("no sample was taken, since the component ran for less than 1 ms")
                .hint("let it do more work"));
        }
        let names: Vec<String> = samples.names().iter().map(|name| demangled(name)).collect();
        let bytes = match self.output.format {
            ProfileFormat::Firefox => firefox::profile(&self.name, &samples, &names)
                .map_err(|e| e.context(format!("failed to write `{shown}`")))?,
            ProfileFormat::FlameGraph => {
                flame_graph::graph(&self.name, &samples, &names).into_bytes()
            }
        };
        fs::write_atomic(&self.output.path, &bytes)
    }
}
