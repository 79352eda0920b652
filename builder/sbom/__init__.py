"""Software bills of materials: CycloneDX and SPDX documents, made of facts that others read."""
