//! Test executables as components.
