fn main() -> cargo_component::error::Result<()> {
    cargo_component::build_script::generate_bindings()?;
    Ok(())
}
