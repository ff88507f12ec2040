from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DataType(_message.Message):
    __slots__ = ("null", "binary", "boolean", "byte", "short", "integer", "long", "float", "double", "decimal", "string", "char", "var_char", "date", "timestamp", "timestamp_ntz", "calendar_interval", "year_month_interval", "day_time_interval", "array", "struct", "map", "variant", "udt", "geometry", "geography", "unparsed", "time")
    class Boolean(_message.Message):
        __slots__ = ("type_variation_reference",)
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        type_variation_reference: int
        def __init__(self, type_variation_reference: _Optional[int] = ...) -> None: ...
    class Byte(_message.Message):
        __slots__ = ("type_variation_reference",)
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        type_variation_reference: int
        def __init__(self, type_variation_reference: _Optional[int] = ...) -> None: ...
    class Short(_message.Message):
        __slots__ = ("type_variation_reference",)
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        type_variation_reference: int
        def __init__(self, type_variation_reference: _Optional[int] = ...) -> None: ...
    class Integer(_message.Message):
        __slots__ = ("type_variation_reference",)
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        type_variation_reference: int
        def __init__(self, type_variation_reference: _Optional[int] = ...) -> None: ...
    class Long(_message.Message):
        __slots__ = ("type_variation_reference",)
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        type_variation_reference: int
        def __init__(self, type_variation_reference: _Optional[int] = ...) -> None: ...
    class Float(_message.Message):
        __slots__ = ("type_variation_reference",)
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        type_variation_reference: int
        def __init__(self, type_variation_reference: _Optional[int] = ...) -> None: ...
    class Double(_message.Message):
        __slots__ = ("type_variation_reference",)
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        type_variation_reference: int
        def __init__(self, type_variation_reference: _Optional[int] = ...) -> None: ...
    class String(_message.Message):
        __slots__ = ("type_variation_reference", "collation")
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        COLLATION_FIELD_NUMBER: _ClassVar[int]
        type_variation_reference: int
        collation: str
        def __init__(self, type_variation_reference: _Optional[int] = ..., collation: _Optional[str] = ...) -> None: ...
    class Binary(_message.Message):
        __slots__ = ("type_variation_reference",)
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        type_variation_reference: int
        def __init__(self, type_variation_reference: _Optional[int] = ...) -> None: ...
    class NULL(_message.Message):
        __slots__ = ("type_variation_reference",)
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        type_variation_reference: int
        def __init__(self, type_variation_reference: _Optional[int] = ...) -> None: ...
    class Timestamp(_message.Message):
        __slots__ = ("type_variation_reference",)
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        type_variation_reference: int
        def __init__(self, type_variation_reference: _Optional[int] = ...) -> None: ...
    class Date(_message.Message):
        __slots__ = ("type_variation_reference",)
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        type_variation_reference: int
        def __init__(self, type_variation_reference: _Optional[int] = ...) -> None: ...
    class TimestampNTZ(_message.Message):
        __slots__ = ("type_variation_reference",)
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        type_variation_reference: int
        def __init__(self, type_variation_reference: _Optional[int] = ...) -> None: ...
    class Time(_message.Message):
        __slots__ = ("precision", "type_variation_reference")
        PRECISION_FIELD_NUMBER: _ClassVar[int]
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        precision: int
        type_variation_reference: int
        def __init__(self, precision: _Optional[int] = ..., type_variation_reference: _Optional[int] = ...) -> None: ...
    class CalendarInterval(_message.Message):
        __slots__ = ("type_variation_reference",)
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        type_variation_reference: int
        def __init__(self, type_variation_reference: _Optional[int] = ...) -> None: ...
    class YearMonthInterval(_message.Message):
        __slots__ = ("start_field", "end_field", "type_variation_reference")
        START_FIELD_FIELD_NUMBER: _ClassVar[int]
        END_FIELD_FIELD_NUMBER: _ClassVar[int]
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        start_field: int
        end_field: int
        type_variation_reference: int
        def __init__(self, start_field: _Optional[int] = ..., end_field: _Optional[int] = ..., type_variation_reference: _Optional[int] = ...) -> None: ...
    class DayTimeInterval(_message.Message):
        __slots__ = ("start_field", "end_field", "type_variation_reference")
        START_FIELD_FIELD_NUMBER: _ClassVar[int]
        END_FIELD_FIELD_NUMBER: _ClassVar[int]
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        start_field: int
        end_field: int
        type_variation_reference: int
        def __init__(self, start_field: _Optional[int] = ..., end_field: _Optional[int] = ..., type_variation_reference: _Optional[int] = ...) -> None: ...
    class Char(_message.Message):
        __slots__ = ("length", "type_variation_reference")
        LENGTH_FIELD_NUMBER: _ClassVar[int]
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        length: int
        type_variation_reference: int
        def __init__(self, length: _Optional[int] = ..., type_variation_reference: _Optional[int] = ...) -> None: ...
    class VarChar(_message.Message):
        __slots__ = ("length", "type_variation_reference")
        LENGTH_FIELD_NUMBER: _ClassVar[int]
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        length: int
        type_variation_reference: int
        def __init__(self, length: _Optional[int] = ..., type_variation_reference: _Optional[int] = ...) -> None: ...
    class Decimal(_message.Message):
        __slots__ = ("scale", "precision", "type_variation_reference")
        SCALE_FIELD_NUMBER: _ClassVar[int]
        PRECISION_FIELD_NUMBER: _ClassVar[int]
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        scale: int
        precision: int
        type_variation_reference: int
        def __init__(self, scale: _Optional[int] = ..., precision: _Optional[int] = ..., type_variation_reference: _Optional[int] = ...) -> None: ...
    class StructField(_message.Message):
        __slots__ = ("name", "data_type", "nullable", "metadata")
        NAME_FIELD_NUMBER: _ClassVar[int]
        DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
        NULLABLE_FIELD_NUMBER: _ClassVar[int]
        METADATA_FIELD_NUMBER: _ClassVar[int]
        name: str
        data_type: DataType
        nullable: bool
        metadata: str
        def __init__(self, name: _Optional[str] = ..., data_type: _Optional[_Union[DataType, _Mapping]] = ..., nullable: _Optional[bool] = ..., metadata: _Optional[str] = ...) -> None: ...
    class Struct(_message.Message):
        __slots__ = ("fields", "type_variation_reference")
        FIELDS_FIELD_NUMBER: _ClassVar[int]
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        fields: _containers.RepeatedCompositeFieldContainer[DataType.StructField]
        type_variation_reference: int
        def __init__(self, fields: _Optional[_Iterable[_Union[DataType.StructField, _Mapping]]] = ..., type_variation_reference: _Optional[int] = ...) -> None: ...
    class Array(_message.Message):
        __slots__ = ("element_type", "contains_null", "type_variation_reference")
        ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
        CONTAINS_NULL_FIELD_NUMBER: _ClassVar[int]
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        element_type: DataType
        contains_null: bool
        type_variation_reference: int
        def __init__(self, element_type: _Optional[_Union[DataType, _Mapping]] = ..., contains_null: _Optional[bool] = ..., type_variation_reference: _Optional[int] = ...) -> None: ...
    class Map(_message.Message):
        __slots__ = ("key_type", "value_type", "value_contains_null", "type_variation_reference")
        KEY_TYPE_FIELD_NUMBER: _ClassVar[int]
        VALUE_TYPE_FIELD_NUMBER: _ClassVar[int]
        VALUE_CONTAINS_NULL_FIELD_NUMBER: _ClassVar[int]
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        key_type: DataType
        value_type: DataType
        value_contains_null: bool
        type_variation_reference: int
        def __init__(self, key_type: _Optional[_Union[DataType, _Mapping]] = ..., value_type: _Optional[_Union[DataType, _Mapping]] = ..., value_contains_null: _Optional[bool] = ..., type_variation_reference: _Optional[int] = ...) -> None: ...
    class Geometry(_message.Message):
        __slots__ = ("srid", "type_variation_reference")
        SRID_FIELD_NUMBER: _ClassVar[int]
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        srid: int
        type_variation_reference: int
        def __init__(self, srid: _Optional[int] = ..., type_variation_reference: _Optional[int] = ...) -> None: ...
    class Geography(_message.Message):
        __slots__ = ("srid", "type_variation_reference")
        SRID_FIELD_NUMBER: _ClassVar[int]
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        srid: int
        type_variation_reference: int
        def __init__(self, srid: _Optional[int] = ..., type_variation_reference: _Optional[int] = ...) -> None: ...
    class Variant(_message.Message):
        __slots__ = ("type_variation_reference",)
        TYPE_VARIATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
        type_variation_reference: int
        def __init__(self, type_variation_reference: _Optional[int] = ...) -> None: ...
    class UDT(_message.Message):
        __slots__ = ("type", "jvm_class", "python_class", "serialized_python_class", "sql_type")
        TYPE_FIELD_NUMBER: _ClassVar[int]
        JVM_CLASS_FIELD_NUMBER: _ClassVar[int]
        PYTHON_CLASS_FIELD_NUMBER: _ClassVar[int]
        SERIALIZED_PYTHON_CLASS_FIELD_NUMBER: _ClassVar[int]
        SQL_TYPE_FIELD_NUMBER: _ClassVar[int]
        type: str
        jvm_class: str
        python_class: str
        serialized_python_class: str
        sql_type: DataType
        def __init__(self, type: _Optional[str] = ..., jvm_class: _Optional[str] = ..., python_class: _Optional[str] = ..., serialized_python_class: _Optional[str] = ..., sql_type: _Optional[_Union[DataType, _Mapping]] = ...) -> None: ...
    class Unparsed(_message.Message):
        __slots__ = ("data_type_string",)
        DATA_TYPE_STRING_FIELD_NUMBER: _ClassVar[int]
        data_type_string: str
        def __init__(self, data_type_string: _Optional[str] = ...) -> None: ...
    NULL_FIELD_NUMBER: _ClassVar[int]
    BINARY_FIELD_NUMBER: _ClassVar[int]
    BOOLEAN_FIELD_NUMBER: _ClassVar[int]
    BYTE_FIELD_NUMBER: _ClassVar[int]
    SHORT_FIELD_NUMBER: _ClassVar[int]
    INTEGER_FIELD_NUMBER: _ClassVar[int]
    LONG_FIELD_NUMBER: _ClassVar[int]
    FLOAT_FIELD_NUMBER: _ClassVar[int]
    DOUBLE_FIELD_NUMBER: _ClassVar[int]
    DECIMAL_FIELD_NUMBER: _ClassVar[int]
    STRING_FIELD_NUMBER: _ClassVar[int]
    CHAR_FIELD_NUMBER: _ClassVar[int]
    VAR_CHAR_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_NTZ_FIELD_NUMBER: _ClassVar[int]
    CALENDAR_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    YEAR_MONTH_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    DAY_TIME_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    ARRAY_FIELD_NUMBER: _ClassVar[int]
    STRUCT_FIELD_NUMBER: _ClassVar[int]
    MAP_FIELD_NUMBER: _ClassVar[int]
    VARIANT_FIELD_NUMBER: _ClassVar[int]
    UDT_FIELD_NUMBER: _ClassVar[int]
    GEOMETRY_FIELD_NUMBER: _ClassVar[int]
    GEOGRAPHY_FIELD_NUMBER: _ClassVar[int]
    UNPARSED_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    null: DataType.NULL
    binary: DataType.Binary
    boolean: DataType.Boolean
    byte: DataType.Byte
    short: DataType.Short
    integer: DataType.Integer
    long: DataType.Long
    float: DataType.Float
    double: DataType.Double
    decimal: DataType.Decimal
    string: DataType.String
    char: DataType.Char
    var_char: DataType.VarChar
    date: DataType.Date
    timestamp: DataType.Timestamp
    timestamp_ntz: DataType.TimestampNTZ
    calendar_interval: DataType.CalendarInterval
    year_month_interval: DataType.YearMonthInterval
    day_time_interval: DataType.DayTimeInterval
    array: DataType.Array
    struct: DataType.Struct
    map: DataType.Map
    variant: DataType.Variant
    udt: DataType.UDT
    geometry: DataType.Geometry
    geography: DataType.Geography
    unparsed: DataType.Unparsed
    time: DataType.Time
    def __init__(self, null: _Optional[_Union[DataType.NULL, _Mapping]] = ..., binary: _Optional[_Union[DataType.Binary, _Mapping]] = ..., boolean: _Optional[_Union[DataType.Boolean, _Mapping]] = ..., byte: _Optional[_Union[DataType.Byte, _Mapping]] = ..., short: _Optional[_Union[DataType.Short, _Mapping]] = ..., integer: _Optional[_Union[DataType.Integer, _Mapping]] = ..., long: _Optional[_Union[DataType.Long, _Mapping]] = ..., float: _Optional[_Union[DataType.Float, _Mapping]] = ..., double: _Optional[_Union[DataType.Double, _Mapping]] = ..., decimal: _Optional[_Union[DataType.Decimal, _Mapping]] = ..., string: _Optional[_Union[DataType.String, _Mapping]] = ..., char: _Optional[_Union[DataType.Char, _Mapping]] = ..., var_char: _Optional[_Union[DataType.VarChar, _Mapping]] = ..., date: _Optional[_Union[DataType.Date, _Mapping]] = ..., timestamp: _Optional[_Union[DataType.Timestamp, _Mapping]] = ..., timestamp_ntz: _Optional[_Union[DataType.TimestampNTZ, _Mapping]] = ..., calendar_interval: _Optional[_Union[DataType.CalendarInterval, _Mapping]] = ..., year_month_interval: _Optional[_Union[DataType.YearMonthInterval, _Mapping]] = ..., day_time_interval: _Optional[_Union[DataType.DayTimeInterval, _Mapping]] = ..., array: _Optional[_Union[DataType.Array, _Mapping]] = ..., struct: _Optional[_Union[DataType.Struct, _Mapping]] = ..., map: _Optional[_Union[DataType.Map, _Mapping]] = ..., variant: _Optional[_Union[DataType.Variant, _Mapping]] = ..., udt: _Optional[_Union[DataType.UDT, _Mapping]] = ..., geometry: _Optional[_Union[DataType.Geometry, _Mapping]] = ..., geography: _Optional[_Union[DataType.Geography, _Mapping]] = ..., unparsed: _Optional[_Union[DataType.Unparsed, _Mapping]] = ..., time: _Optional[_Union[DataType.Time, _Mapping]] = ...) -> None: ...
