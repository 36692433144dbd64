"""SAML, where the extra is installed and IAMDASH_SAML_METADATA_URL names a provider: docs/operate/sign-in.md."""
