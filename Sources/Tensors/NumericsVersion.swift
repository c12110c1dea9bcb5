/// Version of the numerics: raised only when bits change.
public let numericsVersion = 2
