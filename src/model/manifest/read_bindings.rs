//! Reading the `bindings` tables of packages and workspaces.

use std::path::PathBuf;

use super::bindings::{AsyncSetting, BindingsSettings, Ownership};
use super::table::Table;
use crate::base::error::Result;

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// Overwrites settings with those of a `bindings` table.
pub(super) fn settings(table: &Table<'_>, settings: &mut BindingsSettings) -> Result<()> {
    // As it stands: each member has files of its own.
    let path = table.string("path")?.map(PathBuf::from);
    settings.path = path.or(settings.path.take());
    let wit = table.string("wit")?.map(PathBuf::from);
    settings.wit = wit.or(settings.wit.take());
    if let Some(item) = table.get("async") {
        settings.async_ = match item.as_bool() {
            Some(true) => AsyncSetting::All,
            Some(false) => AsyncSetting::None,
            None if item.is_array() => {
                AsyncSetting::AllBut(table.strings("async")?.unwrap_or_default())
            }
            None => return Err(table.type_error("async", "`true`, `false` or a list of strings")),
        };
    }
    set(&mut settings.features, table.strings("features")?);
    set(&mut settings.all_features, table.bool("all-features")?);
    set(&mut settings.format, table.bool("format")?);
    let words = ["owning", "borrowing", "borrowing-duplicate-if-necessary"];
    let ownership = table.word("ownership", &words)?.map(|index| match index {
        0 => Ownership::Owning,
        1 => Ownership::Borrowing,
        _ => Ownership::BorrowingDuplicateIfNecessary,
    });
    set(&mut settings.ownership, ownership);
    set(&mut settings.derives, table.strings("derives")?);
    set(&mut settings.skip, table.strings("skip")?);
    attributes(table, settings)?;
    let chainable = table.strings("chainable_methods")?;
    set(&mut settings.chainable_methods, chainable);
    for (key, place) in [
        ("std_feature", &mut settings.std_feature),
        ("raw_strings", &mut settings.raw_strings),
        ("stubs", &mut settings.stubs),
        ("generate_all", &mut settings.generate_all),
        (
            "merge_structurally_equal_types",
            &mut settings.merge_structurally_equal_types,
        ),
        (
            "disable_run_ctors_once_workaround",
            &mut settings.disable_run_ctors_once_workaround,
        ),
        ("pub_export_macro", &mut settings.pub_export_macro),
        ("generate_unused_types", &mut settings.generate_unused_types),
        (
            "disable_custom_section_link_helpers",
            &mut settings.disable_custom_section_link_helpers,
        ),
    ] {
        set(place, table.bool(key)?);
    }
    for (key, place) in [
        ("export_prefix", &mut settings.export_prefix),
        ("bitflags_path", &mut settings.bitflags_path),
        ("map_type", &mut settings.map_type),
        ("type_section_suffix", &mut settings.type_section_suffix),
        (
            "default_bindings_module",
            &mut settings.default_bindings_module,
        ),
        ("export_macro_name", &mut settings.export_macro_name),
    ] {
        if let Some(value) = table.string(key)? {
            *place = Some(value);
        }
    }
    if let Some(with) = table.table("with")? {
        for (name, _) in with.entries() {
            if let Some(path) = with.string(name)? {
                settings.with.insert(name.to_owned(), path);
                let at = with.file.excerpt(with.key_span(name));
                settings.with_at.insert(name.to_owned(), at);
            }
        }
    }
    Ok(())
}

/// Reads the keys about single types and their members. Attributes replace those
/// that the settings have for the same type or member.
fn attributes(table: &Table<'_>, settings: &mut BindingsSettings) -> Result<()> {
    let ignored = table.strings("additional_derives_ignore")?;
    set(&mut settings.additional_derives_ignore, ignored);
    for (key, place) in [
        (
            "additional_type_attributes",
            &mut settings.additional_type_attributes,
        ),
        (
            "additional_member_attributes",
            &mut settings.additional_member_attributes,
        ),
    ] {
        let Some(table) = table.table(key)? else {
            continue;
        };
        for (name, item) in table.entries() {
            let all = match item.as_str() {
                Some(text) => vec![text.to_owned()],
                None if item.is_array() => table.strings(name)?.unwrap_or_default(),
                None => return Err(table.type_error(name, "a string or a list of strings")),
            };
            if let Some(text) = all.iter().find(|text| !is_attribute(text)) {
                return Err(table
                    .error(
                        name,
                        format!("`{text}` in `{}` is not an attribute", table.name),
                    )
                    .hint(format!(
                        "use Rust syntax: `#[{}]`",
                        text.trim_matches(['#', '[', ']'])
                    )));
            }
            place.retain(|(known, _)| known != name);
            place.extend(all.into_iter().map(|text| (name.to_owned(), text)));
        }
    }
    Ok(())
}

fn is_attribute(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("#[") && text.ends_with(']') && text.len() > 3
}
