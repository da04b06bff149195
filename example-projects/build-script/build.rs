fn main() -> cargo_component::advice::Result<()> {
    cargo_component::build_script::generate_bindings()?;
    Ok(())
}
