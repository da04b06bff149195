//! Resolution of imports to the components that satisfy them.

pub mod built;
pub mod capabilities;
pub mod closure;
pub mod component;
pub mod composition;
pub mod declared;
pub mod embedded;
pub mod fetching;
mod files;
pub mod foreign;
pub mod imports;
pub mod label_changes;
pub mod overridden;
pub mod override_options;
pub mod part;
pub mod provided;
pub mod resolution;
mod stubs;
pub mod update;
pub mod without_build;
