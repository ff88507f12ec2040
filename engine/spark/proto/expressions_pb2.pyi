from google.protobuf import any_pb2 as _any_pb2
from engine.spark.proto import types_pb2 as _types_pb2
from engine.spark.proto import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Expression(_message.Message):
    __slots__ = ("common", "literal", "unresolved_attribute", "unresolved_function", "expression_string", "unresolved_star", "alias", "cast", "unresolved_regex", "sort_order", "lambda_function", "window", "unresolved_extract_value", "update_fields", "unresolved_named_lambda_variable", "common_inline_user_defined_function", "call_function", "named_argument_expression", "merge_action", "typed_aggregate_expression", "subquery_expression", "direct_shuffle_partition_id", "extension")
    class Window(_message.Message):
        __slots__ = ("window_function", "partition_spec", "order_spec", "frame_spec")
        class WindowFrame(_message.Message):
            __slots__ = ("frame_type", "lower", "upper")
            class FrameType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
                __slots__ = ()
                FRAME_TYPE_UNDEFINED: _ClassVar[Expression.Window.WindowFrame.FrameType]
                FRAME_TYPE_ROW: _ClassVar[Expression.Window.WindowFrame.FrameType]
                FRAME_TYPE_RANGE: _ClassVar[Expression.Window.WindowFrame.FrameType]
            FRAME_TYPE_UNDEFINED: Expression.Window.WindowFrame.FrameType
            FRAME_TYPE_ROW: Expression.Window.WindowFrame.FrameType
            FRAME_TYPE_RANGE: Expression.Window.WindowFrame.FrameType
            class FrameBoundary(_message.Message):
                __slots__ = ("current_row", "unbounded", "value")
                CURRENT_ROW_FIELD_NUMBER: _ClassVar[int]
                UNBOUNDED_FIELD_NUMBER: _ClassVar[int]
                VALUE_FIELD_NUMBER: _ClassVar[int]
                current_row: bool
                unbounded: bool
                value: Expression
                def __init__(self, current_row: _Optional[bool] = ..., unbounded: _Optional[bool] = ..., value: _Optional[_Union[Expression, _Mapping]] = ...) -> None: ...
            FRAME_TYPE_FIELD_NUMBER: _ClassVar[int]
            LOWER_FIELD_NUMBER: _ClassVar[int]
            UPPER_FIELD_NUMBER: _ClassVar[int]
            frame_type: Expression.Window.WindowFrame.FrameType
            lower: Expression.Window.WindowFrame.FrameBoundary
            upper: Expression.Window.WindowFrame.FrameBoundary
            def __init__(self, frame_type: _Optional[_Union[Expression.Window.WindowFrame.FrameType, str]] = ..., lower: _Optional[_Union[Expression.Window.WindowFrame.FrameBoundary, _Mapping]] = ..., upper: _Optional[_Union[Expression.Window.WindowFrame.FrameBoundary, _Mapping]] = ...) -> None: ...
        WINDOW_FUNCTION_FIELD_NUMBER: _ClassVar[int]
        PARTITION_SPEC_FIELD_NUMBER: _ClassVar[int]
        ORDER_SPEC_FIELD_NUMBER: _ClassVar[int]
        FRAME_SPEC_FIELD_NUMBER: _ClassVar[int]
        window_function: Expression
        partition_spec: _containers.RepeatedCompositeFieldContainer[Expression]
        order_spec: _containers.RepeatedCompositeFieldContainer[Expression.SortOrder]
        frame_spec: Expression.Window.WindowFrame
        def __init__(self, window_function: _Optional[_Union[Expression, _Mapping]] = ..., partition_spec: _Optional[_Iterable[_Union[Expression, _Mapping]]] = ..., order_spec: _Optional[_Iterable[_Union[Expression.SortOrder, _Mapping]]] = ..., frame_spec: _Optional[_Union[Expression.Window.WindowFrame, _Mapping]] = ...) -> None: ...
    class SortOrder(_message.Message):
        __slots__ = ("child", "direction", "null_ordering")
        class SortDirection(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            SORT_DIRECTION_UNSPECIFIED: _ClassVar[Expression.SortOrder.SortDirection]
            SORT_DIRECTION_ASCENDING: _ClassVar[Expression.SortOrder.SortDirection]
            SORT_DIRECTION_DESCENDING: _ClassVar[Expression.SortOrder.SortDirection]
        SORT_DIRECTION_UNSPECIFIED: Expression.SortOrder.SortDirection
        SORT_DIRECTION_ASCENDING: Expression.SortOrder.SortDirection
        SORT_DIRECTION_DESCENDING: Expression.SortOrder.SortDirection
        class NullOrdering(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            SORT_NULLS_UNSPECIFIED: _ClassVar[Expression.SortOrder.NullOrdering]
            SORT_NULLS_FIRST: _ClassVar[Expression.SortOrder.NullOrdering]
            SORT_NULLS_LAST: _ClassVar[Expression.SortOrder.NullOrdering]
        SORT_NULLS_UNSPECIFIED: Expression.SortOrder.NullOrdering
        SORT_NULLS_FIRST: Expression.SortOrder.NullOrdering
        SORT_NULLS_LAST: Expression.SortOrder.NullOrdering
        CHILD_FIELD_NUMBER: _ClassVar[int]
        DIRECTION_FIELD_NUMBER: _ClassVar[int]
        NULL_ORDERING_FIELD_NUMBER: _ClassVar[int]
        child: Expression
        direction: Expression.SortOrder.SortDirection
        null_ordering: Expression.SortOrder.NullOrdering
        def __init__(self, child: _Optional[_Union[Expression, _Mapping]] = ..., direction: _Optional[_Union[Expression.SortOrder.SortDirection, str]] = ..., null_ordering: _Optional[_Union[Expression.SortOrder.NullOrdering, str]] = ...) -> None: ...
    class DirectShufflePartitionID(_message.Message):
        __slots__ = ("child",)
        CHILD_FIELD_NUMBER: _ClassVar[int]
        child: Expression
        def __init__(self, child: _Optional[_Union[Expression, _Mapping]] = ...) -> None: ...
    class Cast(_message.Message):
        __slots__ = ("expr", "type", "type_str", "eval_mode")
        class EvalMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            EVAL_MODE_UNSPECIFIED: _ClassVar[Expression.Cast.EvalMode]
            EVAL_MODE_LEGACY: _ClassVar[Expression.Cast.EvalMode]
            EVAL_MODE_ANSI: _ClassVar[Expression.Cast.EvalMode]
            EVAL_MODE_TRY: _ClassVar[Expression.Cast.EvalMode]
        EVAL_MODE_UNSPECIFIED: Expression.Cast.EvalMode
        EVAL_MODE_LEGACY: Expression.Cast.EvalMode
        EVAL_MODE_ANSI: Expression.Cast.EvalMode
        EVAL_MODE_TRY: Expression.Cast.EvalMode
        EXPR_FIELD_NUMBER: _ClassVar[int]
        TYPE_FIELD_NUMBER: _ClassVar[int]
        TYPE_STR_FIELD_NUMBER: _ClassVar[int]
        EVAL_MODE_FIELD_NUMBER: _ClassVar[int]
        expr: Expression
        type: _types_pb2.DataType
        type_str: str
        eval_mode: Expression.Cast.EvalMode
        def __init__(self, expr: _Optional[_Union[Expression, _Mapping]] = ..., type: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ..., type_str: _Optional[str] = ..., eval_mode: _Optional[_Union[Expression.Cast.EvalMode, str]] = ...) -> None: ...
    class Literal(_message.Message):
        __slots__ = ("null", "binary", "boolean", "byte", "short", "integer", "long", "float", "double", "decimal", "string", "date", "timestamp", "timestamp_ntz", "calendar_interval", "year_month_interval", "day_time_interval", "array", "map", "struct", "specialized_array", "time", "data_type")
        class Decimal(_message.Message):
            __slots__ = ("value", "precision", "scale")
            VALUE_FIELD_NUMBER: _ClassVar[int]
            PRECISION_FIELD_NUMBER: _ClassVar[int]
            SCALE_FIELD_NUMBER: _ClassVar[int]
            value: str
            precision: int
            scale: int
            def __init__(self, value: _Optional[str] = ..., precision: _Optional[int] = ..., scale: _Optional[int] = ...) -> None: ...
        class CalendarInterval(_message.Message):
            __slots__ = ("months", "days", "microseconds")
            MONTHS_FIELD_NUMBER: _ClassVar[int]
            DAYS_FIELD_NUMBER: _ClassVar[int]
            MICROSECONDS_FIELD_NUMBER: _ClassVar[int]
            months: int
            days: int
            microseconds: int
            def __init__(self, months: _Optional[int] = ..., days: _Optional[int] = ..., microseconds: _Optional[int] = ...) -> None: ...
        class Array(_message.Message):
            __slots__ = ("element_type", "elements")
            ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
            ELEMENTS_FIELD_NUMBER: _ClassVar[int]
            element_type: _types_pb2.DataType
            elements: _containers.RepeatedCompositeFieldContainer[Expression.Literal]
            def __init__(self, element_type: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ..., elements: _Optional[_Iterable[_Union[Expression.Literal, _Mapping]]] = ...) -> None: ...
        class Map(_message.Message):
            __slots__ = ("key_type", "value_type", "keys", "values")
            KEY_TYPE_FIELD_NUMBER: _ClassVar[int]
            VALUE_TYPE_FIELD_NUMBER: _ClassVar[int]
            KEYS_FIELD_NUMBER: _ClassVar[int]
            VALUES_FIELD_NUMBER: _ClassVar[int]
            key_type: _types_pb2.DataType
            value_type: _types_pb2.DataType
            keys: _containers.RepeatedCompositeFieldContainer[Expression.Literal]
            values: _containers.RepeatedCompositeFieldContainer[Expression.Literal]
            def __init__(self, key_type: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ..., value_type: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ..., keys: _Optional[_Iterable[_Union[Expression.Literal, _Mapping]]] = ..., values: _Optional[_Iterable[_Union[Expression.Literal, _Mapping]]] = ...) -> None: ...
        class Struct(_message.Message):
            __slots__ = ("struct_type", "elements")
            STRUCT_TYPE_FIELD_NUMBER: _ClassVar[int]
            ELEMENTS_FIELD_NUMBER: _ClassVar[int]
            struct_type: _types_pb2.DataType
            elements: _containers.RepeatedCompositeFieldContainer[Expression.Literal]
            def __init__(self, struct_type: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ..., elements: _Optional[_Iterable[_Union[Expression.Literal, _Mapping]]] = ...) -> None: ...
        class SpecializedArray(_message.Message):
            __slots__ = ("bools", "ints", "longs", "floats", "doubles", "strings")
            BOOLS_FIELD_NUMBER: _ClassVar[int]
            INTS_FIELD_NUMBER: _ClassVar[int]
            LONGS_FIELD_NUMBER: _ClassVar[int]
            FLOATS_FIELD_NUMBER: _ClassVar[int]
            DOUBLES_FIELD_NUMBER: _ClassVar[int]
            STRINGS_FIELD_NUMBER: _ClassVar[int]
            bools: _common_pb2.Bools
            ints: _common_pb2.Ints
            longs: _common_pb2.Longs
            floats: _common_pb2.Floats
            doubles: _common_pb2.Doubles
            strings: _common_pb2.Strings
            def __init__(self, bools: _Optional[_Union[_common_pb2.Bools, _Mapping]] = ..., ints: _Optional[_Union[_common_pb2.Ints, _Mapping]] = ..., longs: _Optional[_Union[_common_pb2.Longs, _Mapping]] = ..., floats: _Optional[_Union[_common_pb2.Floats, _Mapping]] = ..., doubles: _Optional[_Union[_common_pb2.Doubles, _Mapping]] = ..., strings: _Optional[_Union[_common_pb2.Strings, _Mapping]] = ...) -> None: ...
        class Time(_message.Message):
            __slots__ = ("nano", "precision")
            NANO_FIELD_NUMBER: _ClassVar[int]
            PRECISION_FIELD_NUMBER: _ClassVar[int]
            nano: int
            precision: int
            def __init__(self, nano: _Optional[int] = ..., precision: _Optional[int] = ...) -> None: ...
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
        DATE_FIELD_NUMBER: _ClassVar[int]
        TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
        TIMESTAMP_NTZ_FIELD_NUMBER: _ClassVar[int]
        CALENDAR_INTERVAL_FIELD_NUMBER: _ClassVar[int]
        YEAR_MONTH_INTERVAL_FIELD_NUMBER: _ClassVar[int]
        DAY_TIME_INTERVAL_FIELD_NUMBER: _ClassVar[int]
        ARRAY_FIELD_NUMBER: _ClassVar[int]
        MAP_FIELD_NUMBER: _ClassVar[int]
        STRUCT_FIELD_NUMBER: _ClassVar[int]
        SPECIALIZED_ARRAY_FIELD_NUMBER: _ClassVar[int]
        TIME_FIELD_NUMBER: _ClassVar[int]
        DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
        null: _types_pb2.DataType
        binary: bytes
        boolean: bool
        byte: int
        short: int
        integer: int
        long: int
        float: float
        double: float
        decimal: Expression.Literal.Decimal
        string: str
        date: int
        timestamp: int
        timestamp_ntz: int
        calendar_interval: Expression.Literal.CalendarInterval
        year_month_interval: int
        day_time_interval: int
        array: Expression.Literal.Array
        map: Expression.Literal.Map
        struct: Expression.Literal.Struct
        specialized_array: Expression.Literal.SpecializedArray
        time: Expression.Literal.Time
        data_type: _types_pb2.DataType
        def __init__(self, null: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ..., binary: _Optional[bytes] = ..., boolean: _Optional[bool] = ..., byte: _Optional[int] = ..., short: _Optional[int] = ..., integer: _Optional[int] = ..., long: _Optional[int] = ..., float: _Optional[float] = ..., double: _Optional[float] = ..., decimal: _Optional[_Union[Expression.Literal.Decimal, _Mapping]] = ..., string: _Optional[str] = ..., date: _Optional[int] = ..., timestamp: _Optional[int] = ..., timestamp_ntz: _Optional[int] = ..., calendar_interval: _Optional[_Union[Expression.Literal.CalendarInterval, _Mapping]] = ..., year_month_interval: _Optional[int] = ..., day_time_interval: _Optional[int] = ..., array: _Optional[_Union[Expression.Literal.Array, _Mapping]] = ..., map: _Optional[_Union[Expression.Literal.Map, _Mapping]] = ..., struct: _Optional[_Union[Expression.Literal.Struct, _Mapping]] = ..., specialized_array: _Optional[_Union[Expression.Literal.SpecializedArray, _Mapping]] = ..., time: _Optional[_Union[Expression.Literal.Time, _Mapping]] = ..., data_type: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ...) -> None: ...
    class UnresolvedAttribute(_message.Message):
        __slots__ = ("unparsed_identifier", "plan_id", "is_metadata_column")
        UNPARSED_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
        PLAN_ID_FIELD_NUMBER: _ClassVar[int]
        IS_METADATA_COLUMN_FIELD_NUMBER: _ClassVar[int]
        unparsed_identifier: str
        plan_id: int
        is_metadata_column: bool
        def __init__(self, unparsed_identifier: _Optional[str] = ..., plan_id: _Optional[int] = ..., is_metadata_column: _Optional[bool] = ...) -> None: ...
    class UnresolvedFunction(_message.Message):
        __slots__ = ("function_name", "arguments", "is_distinct", "is_user_defined_function", "is_internal")
        FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
        ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
        IS_DISTINCT_FIELD_NUMBER: _ClassVar[int]
        IS_USER_DEFINED_FUNCTION_FIELD_NUMBER: _ClassVar[int]
        IS_INTERNAL_FIELD_NUMBER: _ClassVar[int]
        function_name: str
        arguments: _containers.RepeatedCompositeFieldContainer[Expression]
        is_distinct: bool
        is_user_defined_function: bool
        is_internal: bool
        def __init__(self, function_name: _Optional[str] = ..., arguments: _Optional[_Iterable[_Union[Expression, _Mapping]]] = ..., is_distinct: _Optional[bool] = ..., is_user_defined_function: _Optional[bool] = ..., is_internal: _Optional[bool] = ...) -> None: ...
    class ExpressionString(_message.Message):
        __slots__ = ("expression",)
        EXPRESSION_FIELD_NUMBER: _ClassVar[int]
        expression: str
        def __init__(self, expression: _Optional[str] = ...) -> None: ...
    class UnresolvedStar(_message.Message):
        __slots__ = ("unparsed_target", "plan_id")
        UNPARSED_TARGET_FIELD_NUMBER: _ClassVar[int]
        PLAN_ID_FIELD_NUMBER: _ClassVar[int]
        unparsed_target: str
        plan_id: int
        def __init__(self, unparsed_target: _Optional[str] = ..., plan_id: _Optional[int] = ...) -> None: ...
    class UnresolvedRegex(_message.Message):
        __slots__ = ("col_name", "plan_id")
        COL_NAME_FIELD_NUMBER: _ClassVar[int]
        PLAN_ID_FIELD_NUMBER: _ClassVar[int]
        col_name: str
        plan_id: int
        def __init__(self, col_name: _Optional[str] = ..., plan_id: _Optional[int] = ...) -> None: ...
    class UnresolvedExtractValue(_message.Message):
        __slots__ = ("child", "extraction")
        CHILD_FIELD_NUMBER: _ClassVar[int]
        EXTRACTION_FIELD_NUMBER: _ClassVar[int]
        child: Expression
        extraction: Expression
        def __init__(self, child: _Optional[_Union[Expression, _Mapping]] = ..., extraction: _Optional[_Union[Expression, _Mapping]] = ...) -> None: ...
    class UpdateFields(_message.Message):
        __slots__ = ("struct_expression", "field_name", "value_expression")
        STRUCT_EXPRESSION_FIELD_NUMBER: _ClassVar[int]
        FIELD_NAME_FIELD_NUMBER: _ClassVar[int]
        VALUE_EXPRESSION_FIELD_NUMBER: _ClassVar[int]
        struct_expression: Expression
        field_name: str
        value_expression: Expression
        def __init__(self, struct_expression: _Optional[_Union[Expression, _Mapping]] = ..., field_name: _Optional[str] = ..., value_expression: _Optional[_Union[Expression, _Mapping]] = ...) -> None: ...
    class Alias(_message.Message):
        __slots__ = ("expr", "name", "metadata")
        EXPR_FIELD_NUMBER: _ClassVar[int]
        NAME_FIELD_NUMBER: _ClassVar[int]
        METADATA_FIELD_NUMBER: _ClassVar[int]
        expr: Expression
        name: _containers.RepeatedScalarFieldContainer[str]
        metadata: str
        def __init__(self, expr: _Optional[_Union[Expression, _Mapping]] = ..., name: _Optional[_Iterable[str]] = ..., metadata: _Optional[str] = ...) -> None: ...
    class LambdaFunction(_message.Message):
        __slots__ = ("function", "arguments")
        FUNCTION_FIELD_NUMBER: _ClassVar[int]
        ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
        function: Expression
        arguments: _containers.RepeatedCompositeFieldContainer[Expression.UnresolvedNamedLambdaVariable]
        def __init__(self, function: _Optional[_Union[Expression, _Mapping]] = ..., arguments: _Optional[_Iterable[_Union[Expression.UnresolvedNamedLambdaVariable, _Mapping]]] = ...) -> None: ...
    class UnresolvedNamedLambdaVariable(_message.Message):
        __slots__ = ("name_parts",)
        NAME_PARTS_FIELD_NUMBER: _ClassVar[int]
        name_parts: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, name_parts: _Optional[_Iterable[str]] = ...) -> None: ...
    COMMON_FIELD_NUMBER: _ClassVar[int]
    LITERAL_FIELD_NUMBER: _ClassVar[int]
    UNRESOLVED_ATTRIBUTE_FIELD_NUMBER: _ClassVar[int]
    UNRESOLVED_FUNCTION_FIELD_NUMBER: _ClassVar[int]
    EXPRESSION_STRING_FIELD_NUMBER: _ClassVar[int]
    UNRESOLVED_STAR_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    CAST_FIELD_NUMBER: _ClassVar[int]
    UNRESOLVED_REGEX_FIELD_NUMBER: _ClassVar[int]
    SORT_ORDER_FIELD_NUMBER: _ClassVar[int]
    LAMBDA_FUNCTION_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    UNRESOLVED_EXTRACT_VALUE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_FIELDS_FIELD_NUMBER: _ClassVar[int]
    UNRESOLVED_NAMED_LAMBDA_VARIABLE_FIELD_NUMBER: _ClassVar[int]
    COMMON_INLINE_USER_DEFINED_FUNCTION_FIELD_NUMBER: _ClassVar[int]
    CALL_FUNCTION_FIELD_NUMBER: _ClassVar[int]
    NAMED_ARGUMENT_EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    MERGE_ACTION_FIELD_NUMBER: _ClassVar[int]
    TYPED_AGGREGATE_EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    SUBQUERY_EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    DIRECT_SHUFFLE_PARTITION_ID_FIELD_NUMBER: _ClassVar[int]
    EXTENSION_FIELD_NUMBER: _ClassVar[int]
    common: ExpressionCommon
    literal: Expression.Literal
    unresolved_attribute: Expression.UnresolvedAttribute
    unresolved_function: Expression.UnresolvedFunction
    expression_string: Expression.ExpressionString
    unresolved_star: Expression.UnresolvedStar
    alias: Expression.Alias
    cast: Expression.Cast
    unresolved_regex: Expression.UnresolvedRegex
    sort_order: Expression.SortOrder
    lambda_function: Expression.LambdaFunction
    window: Expression.Window
    unresolved_extract_value: Expression.UnresolvedExtractValue
    update_fields: Expression.UpdateFields
    unresolved_named_lambda_variable: Expression.UnresolvedNamedLambdaVariable
    common_inline_user_defined_function: CommonInlineUserDefinedFunction
    call_function: CallFunction
    named_argument_expression: NamedArgumentExpression
    merge_action: MergeAction
    typed_aggregate_expression: TypedAggregateExpression
    subquery_expression: SubqueryExpression
    direct_shuffle_partition_id: Expression.DirectShufflePartitionID
    extension: _any_pb2.Any
    def __init__(self, common: _Optional[_Union[ExpressionCommon, _Mapping]] = ..., literal: _Optional[_Union[Expression.Literal, _Mapping]] = ..., unresolved_attribute: _Optional[_Union[Expression.UnresolvedAttribute, _Mapping]] = ..., unresolved_function: _Optional[_Union[Expression.UnresolvedFunction, _Mapping]] = ..., expression_string: _Optional[_Union[Expression.ExpressionString, _Mapping]] = ..., unresolved_star: _Optional[_Union[Expression.UnresolvedStar, _Mapping]] = ..., alias: _Optional[_Union[Expression.Alias, _Mapping]] = ..., cast: _Optional[_Union[Expression.Cast, _Mapping]] = ..., unresolved_regex: _Optional[_Union[Expression.UnresolvedRegex, _Mapping]] = ..., sort_order: _Optional[_Union[Expression.SortOrder, _Mapping]] = ..., lambda_function: _Optional[_Union[Expression.LambdaFunction, _Mapping]] = ..., window: _Optional[_Union[Expression.Window, _Mapping]] = ..., unresolved_extract_value: _Optional[_Union[Expression.UnresolvedExtractValue, _Mapping]] = ..., update_fields: _Optional[_Union[Expression.UpdateFields, _Mapping]] = ..., unresolved_named_lambda_variable: _Optional[_Union[Expression.UnresolvedNamedLambdaVariable, _Mapping]] = ..., common_inline_user_defined_function: _Optional[_Union[CommonInlineUserDefinedFunction, _Mapping]] = ..., call_function: _Optional[_Union[CallFunction, _Mapping]] = ..., named_argument_expression: _Optional[_Union[NamedArgumentExpression, _Mapping]] = ..., merge_action: _Optional[_Union[MergeAction, _Mapping]] = ..., typed_aggregate_expression: _Optional[_Union[TypedAggregateExpression, _Mapping]] = ..., subquery_expression: _Optional[_Union[SubqueryExpression, _Mapping]] = ..., direct_shuffle_partition_id: _Optional[_Union[Expression.DirectShufflePartitionID, _Mapping]] = ..., extension: _Optional[_Union[_any_pb2.Any, _Mapping]] = ...) -> None: ...

class ExpressionCommon(_message.Message):
    __slots__ = ("origin",)
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    origin: _common_pb2.Origin
    def __init__(self, origin: _Optional[_Union[_common_pb2.Origin, _Mapping]] = ...) -> None: ...

class CommonInlineUserDefinedFunction(_message.Message):
    __slots__ = ("function_name", "deterministic", "arguments", "python_udf", "scalar_scala_udf", "java_udf", "is_distinct")
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    DETERMINISTIC_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    PYTHON_UDF_FIELD_NUMBER: _ClassVar[int]
    SCALAR_SCALA_UDF_FIELD_NUMBER: _ClassVar[int]
    JAVA_UDF_FIELD_NUMBER: _ClassVar[int]
    IS_DISTINCT_FIELD_NUMBER: _ClassVar[int]
    function_name: str
    deterministic: bool
    arguments: _containers.RepeatedCompositeFieldContainer[Expression]
    python_udf: PythonUDF
    scalar_scala_udf: ScalarScalaUDF
    java_udf: JavaUDF
    is_distinct: bool
    def __init__(self, function_name: _Optional[str] = ..., deterministic: _Optional[bool] = ..., arguments: _Optional[_Iterable[_Union[Expression, _Mapping]]] = ..., python_udf: _Optional[_Union[PythonUDF, _Mapping]] = ..., scalar_scala_udf: _Optional[_Union[ScalarScalaUDF, _Mapping]] = ..., java_udf: _Optional[_Union[JavaUDF, _Mapping]] = ..., is_distinct: _Optional[bool] = ...) -> None: ...

class PythonUDF(_message.Message):
    __slots__ = ("output_type", "eval_type", "command", "python_ver", "additional_includes")
    OUTPUT_TYPE_FIELD_NUMBER: _ClassVar[int]
    EVAL_TYPE_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    PYTHON_VER_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_INCLUDES_FIELD_NUMBER: _ClassVar[int]
    output_type: _types_pb2.DataType
    eval_type: int
    command: bytes
    python_ver: str
    additional_includes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, output_type: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ..., eval_type: _Optional[int] = ..., command: _Optional[bytes] = ..., python_ver: _Optional[str] = ..., additional_includes: _Optional[_Iterable[str]] = ...) -> None: ...

class ScalarScalaUDF(_message.Message):
    __slots__ = ("payload", "inputTypes", "outputType", "nullable", "aggregate")
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    INPUTTYPES_FIELD_NUMBER: _ClassVar[int]
    OUTPUTTYPE_FIELD_NUMBER: _ClassVar[int]
    NULLABLE_FIELD_NUMBER: _ClassVar[int]
    AGGREGATE_FIELD_NUMBER: _ClassVar[int]
    payload: bytes
    inputTypes: _containers.RepeatedCompositeFieldContainer[_types_pb2.DataType]
    outputType: _types_pb2.DataType
    nullable: bool
    aggregate: bool
    def __init__(self, payload: _Optional[bytes] = ..., inputTypes: _Optional[_Iterable[_Union[_types_pb2.DataType, _Mapping]]] = ..., outputType: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ..., nullable: _Optional[bool] = ..., aggregate: _Optional[bool] = ...) -> None: ...

class JavaUDF(_message.Message):
    __slots__ = ("class_name", "output_type", "aggregate")
    CLASS_NAME_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TYPE_FIELD_NUMBER: _ClassVar[int]
    AGGREGATE_FIELD_NUMBER: _ClassVar[int]
    class_name: str
    output_type: _types_pb2.DataType
    aggregate: bool
    def __init__(self, class_name: _Optional[str] = ..., output_type: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ..., aggregate: _Optional[bool] = ...) -> None: ...

class TypedAggregateExpression(_message.Message):
    __slots__ = ("scalar_scala_udf",)
    SCALAR_SCALA_UDF_FIELD_NUMBER: _ClassVar[int]
    scalar_scala_udf: ScalarScalaUDF
    def __init__(self, scalar_scala_udf: _Optional[_Union[ScalarScalaUDF, _Mapping]] = ...) -> None: ...

class CallFunction(_message.Message):
    __slots__ = ("function_name", "arguments")
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    function_name: str
    arguments: _containers.RepeatedCompositeFieldContainer[Expression]
    def __init__(self, function_name: _Optional[str] = ..., arguments: _Optional[_Iterable[_Union[Expression, _Mapping]]] = ...) -> None: ...

class NamedArgumentExpression(_message.Message):
    __slots__ = ("key", "value")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: Expression
    def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Expression, _Mapping]] = ...) -> None: ...

class MergeAction(_message.Message):
    __slots__ = ("action_type", "condition", "assignments")
    class ActionType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ACTION_TYPE_INVALID: _ClassVar[MergeAction.ActionType]
        ACTION_TYPE_DELETE: _ClassVar[MergeAction.ActionType]
        ACTION_TYPE_INSERT: _ClassVar[MergeAction.ActionType]
        ACTION_TYPE_INSERT_STAR: _ClassVar[MergeAction.ActionType]
        ACTION_TYPE_UPDATE: _ClassVar[MergeAction.ActionType]
        ACTION_TYPE_UPDATE_STAR: _ClassVar[MergeAction.ActionType]
    ACTION_TYPE_INVALID: MergeAction.ActionType
    ACTION_TYPE_DELETE: MergeAction.ActionType
    ACTION_TYPE_INSERT: MergeAction.ActionType
    ACTION_TYPE_INSERT_STAR: MergeAction.ActionType
    ACTION_TYPE_UPDATE: MergeAction.ActionType
    ACTION_TYPE_UPDATE_STAR: MergeAction.ActionType
    class Assignment(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: Expression
        value: Expression
        def __init__(self, key: _Optional[_Union[Expression, _Mapping]] = ..., value: _Optional[_Union[Expression, _Mapping]] = ...) -> None: ...
    ACTION_TYPE_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    action_type: MergeAction.ActionType
    condition: Expression
    assignments: _containers.RepeatedCompositeFieldContainer[MergeAction.Assignment]
    def __init__(self, action_type: _Optional[_Union[MergeAction.ActionType, str]] = ..., condition: _Optional[_Union[Expression, _Mapping]] = ..., assignments: _Optional[_Iterable[_Union[MergeAction.Assignment, _Mapping]]] = ...) -> None: ...

class SubqueryExpression(_message.Message):
    __slots__ = ("plan_id", "subquery_type", "table_arg_options", "in_subquery_values")
    class SubqueryType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SUBQUERY_TYPE_UNKNOWN: _ClassVar[SubqueryExpression.SubqueryType]
        SUBQUERY_TYPE_SCALAR: _ClassVar[SubqueryExpression.SubqueryType]
        SUBQUERY_TYPE_EXISTS: _ClassVar[SubqueryExpression.SubqueryType]
        SUBQUERY_TYPE_TABLE_ARG: _ClassVar[SubqueryExpression.SubqueryType]
        SUBQUERY_TYPE_IN: _ClassVar[SubqueryExpression.SubqueryType]
    SUBQUERY_TYPE_UNKNOWN: SubqueryExpression.SubqueryType
    SUBQUERY_TYPE_SCALAR: SubqueryExpression.SubqueryType
    SUBQUERY_TYPE_EXISTS: SubqueryExpression.SubqueryType
    SUBQUERY_TYPE_TABLE_ARG: SubqueryExpression.SubqueryType
    SUBQUERY_TYPE_IN: SubqueryExpression.SubqueryType
    class TableArgOptions(_message.Message):
        __slots__ = ("partition_spec", "order_spec", "with_single_partition")
        PARTITION_SPEC_FIELD_NUMBER: _ClassVar[int]
        ORDER_SPEC_FIELD_NUMBER: _ClassVar[int]
        WITH_SINGLE_PARTITION_FIELD_NUMBER: _ClassVar[int]
        partition_spec: _containers.RepeatedCompositeFieldContainer[Expression]
        order_spec: _containers.RepeatedCompositeFieldContainer[Expression.SortOrder]
        with_single_partition: bool
        def __init__(self, partition_spec: _Optional[_Iterable[_Union[Expression, _Mapping]]] = ..., order_spec: _Optional[_Iterable[_Union[Expression.SortOrder, _Mapping]]] = ..., with_single_partition: _Optional[bool] = ...) -> None: ...
    PLAN_ID_FIELD_NUMBER: _ClassVar[int]
    SUBQUERY_TYPE_FIELD_NUMBER: _ClassVar[int]
    TABLE_ARG_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    IN_SUBQUERY_VALUES_FIELD_NUMBER: _ClassVar[int]
    plan_id: int
    subquery_type: SubqueryExpression.SubqueryType
    table_arg_options: SubqueryExpression.TableArgOptions
    in_subquery_values: _containers.RepeatedCompositeFieldContainer[Expression]
    def __init__(self, plan_id: _Optional[int] = ..., subquery_type: _Optional[_Union[SubqueryExpression.SubqueryType, str]] = ..., table_arg_options: _Optional[_Union[SubqueryExpression.TableArgOptions, _Mapping]] = ..., in_subquery_values: _Optional[_Iterable[_Union[Expression, _Mapping]]] = ...) -> None: ...
