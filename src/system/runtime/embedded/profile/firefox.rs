//! Samples in the format of the Firefox Profiler.

use std::time::Duration;

use fxprof_processed_profile::{
    CategoryHandle, CpuDelta, Frame, FrameFlags, FrameInfo, Profile, ReferenceTimestamp,
    SamplingInterval, Timestamp,
};

use super::samples::{INTERVAL, Samples};
use crate::base::error::{Error, Result};

/// The profile as JSON. `names` has a text for each name in `samples`.
pub(super) fn profile(component: &str, samples: &Samples, names: &[String]) -> Result<Vec<u8>> {
    let start = ReferenceTimestamp::from_millis_since_unix_epoch(0.0);
    let interval = SamplingInterval::from_nanos(nanoseconds(INTERVAL));
    let mut profile = Profile::new(component, start, interval);
    let begin = Timestamp::from_nanos_since_reference(0);
    let process = profile.add_process(component, 0, begin);
    let thread = profile.add_thread(process, 0, begin, true);
    let labels: Vec<_> = names
        .iter()
        .map(|name| profile.intern_string(name))
        .collect();
    let mut before = Duration::ZERO;
    for (at, stack) in samples.taken() {
        let frames = samples.stacks()[*stack].iter().map(|name| FrameInfo {
            frame: Frame::Label(labels[*name as usize]),
            category_pair: CategoryHandle::OTHER.into(),
            flags: FrameFlags::empty(),
        });
        let stack = profile.intern_stack_frames(thread, frames);
        let at_nanoseconds = Timestamp::from_nanos_since_reference(nanoseconds(*at));
        let spent = CpuDelta::from_nanos(nanoseconds(at.saturating_sub(before)));
        profile.add_sample(thread, at_nanoseconds, stack, spent, 1);
        before = *at;
    }
    serde_json::to_vec(&profile)
        .map_err(|e| Error::input("failed to describe the profile").with_cause(e))
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_has_stacks_and_times() {
        let mut samples = Samples::default();
        for at in 1..4 {
            let inner = if at == 3 { "h" } else { "g" };
            samples.add(Duration::from_millis(at), [inner, "f"].into_iter());
        }
        let names = ["a::g", "a::f", "a::h"].map(str::to_owned);
        let json = profile("a.wasm", &samples, &names).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json["meta"]["product"], "a.wasm");
        let text = json.to_string();
        assert!(names.iter().all(|name| text.contains(name)), "{text}");
        assert_eq!(json["threads"][0]["samples"]["length"], 3, "{text}");
    }
}
