from google.protobuf import any_pb2 as _any_pb2
from engine.spark.proto import expressions_pb2 as _expressions_pb2
from engine.spark.proto import types_pb2 as _types_pb2
from engine.spark.proto import catalog_pb2 as _catalog_pb2
from engine.spark.proto import common_pb2 as _common_pb2
from engine.spark.proto import ml_common_pb2 as _ml_common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Relation(_message.Message):
    __slots__ = ("common", "read", "project", "filter", "join", "set_op", "sort", "limit", "aggregate", "sql", "local_relation", "sample", "offset", "deduplicate", "range", "subquery_alias", "repartition", "to_df", "with_columns_renamed", "show_string", "drop", "tail", "with_columns", "hint", "unpivot", "to_schema", "repartition_by_expression", "map_partitions", "collect_metrics", "parse", "group_map", "co_group_map", "with_watermark", "apply_in_pandas_with_state", "html_string", "cached_local_relation", "cached_remote_relation", "common_inline_user_defined_table_function", "as_of_join", "common_inline_user_defined_data_source", "with_relations", "transpose", "unresolved_table_valued_function", "lateral_join", "chunked_cached_local_relation", "relation_changes", "nearest_by_join", "fill_na", "drop_na", "replace", "summary", "crosstab", "describe", "cov", "corr", "approx_quantile", "freq_items", "sample_by", "catalog", "ml_relation", "extension", "unknown")
    COMMON_FIELD_NUMBER: _ClassVar[int]
    READ_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    JOIN_FIELD_NUMBER: _ClassVar[int]
    SET_OP_FIELD_NUMBER: _ClassVar[int]
    SORT_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    AGGREGATE_FIELD_NUMBER: _ClassVar[int]
    SQL_FIELD_NUMBER: _ClassVar[int]
    LOCAL_RELATION_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DEDUPLICATE_FIELD_NUMBER: _ClassVar[int]
    RANGE_FIELD_NUMBER: _ClassVar[int]
    SUBQUERY_ALIAS_FIELD_NUMBER: _ClassVar[int]
    REPARTITION_FIELD_NUMBER: _ClassVar[int]
    TO_DF_FIELD_NUMBER: _ClassVar[int]
    WITH_COLUMNS_RENAMED_FIELD_NUMBER: _ClassVar[int]
    SHOW_STRING_FIELD_NUMBER: _ClassVar[int]
    DROP_FIELD_NUMBER: _ClassVar[int]
    TAIL_FIELD_NUMBER: _ClassVar[int]
    WITH_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    HINT_FIELD_NUMBER: _ClassVar[int]
    UNPIVOT_FIELD_NUMBER: _ClassVar[int]
    TO_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    REPARTITION_BY_EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    MAP_PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    COLLECT_METRICS_FIELD_NUMBER: _ClassVar[int]
    PARSE_FIELD_NUMBER: _ClassVar[int]
    GROUP_MAP_FIELD_NUMBER: _ClassVar[int]
    CO_GROUP_MAP_FIELD_NUMBER: _ClassVar[int]
    WITH_WATERMARK_FIELD_NUMBER: _ClassVar[int]
    APPLY_IN_PANDAS_WITH_STATE_FIELD_NUMBER: _ClassVar[int]
    HTML_STRING_FIELD_NUMBER: _ClassVar[int]
    CACHED_LOCAL_RELATION_FIELD_NUMBER: _ClassVar[int]
    CACHED_REMOTE_RELATION_FIELD_NUMBER: _ClassVar[int]
    COMMON_INLINE_USER_DEFINED_TABLE_FUNCTION_FIELD_NUMBER: _ClassVar[int]
    AS_OF_JOIN_FIELD_NUMBER: _ClassVar[int]
    COMMON_INLINE_USER_DEFINED_DATA_SOURCE_FIELD_NUMBER: _ClassVar[int]
    WITH_RELATIONS_FIELD_NUMBER: _ClassVar[int]
    TRANSPOSE_FIELD_NUMBER: _ClassVar[int]
    UNRESOLVED_TABLE_VALUED_FUNCTION_FIELD_NUMBER: _ClassVar[int]
    LATERAL_JOIN_FIELD_NUMBER: _ClassVar[int]
    CHUNKED_CACHED_LOCAL_RELATION_FIELD_NUMBER: _ClassVar[int]
    RELATION_CHANGES_FIELD_NUMBER: _ClassVar[int]
    NEAREST_BY_JOIN_FIELD_NUMBER: _ClassVar[int]
    FILL_NA_FIELD_NUMBER: _ClassVar[int]
    DROP_NA_FIELD_NUMBER: _ClassVar[int]
    REPLACE_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    CROSSTAB_FIELD_NUMBER: _ClassVar[int]
    DESCRIBE_FIELD_NUMBER: _ClassVar[int]
    COV_FIELD_NUMBER: _ClassVar[int]
    CORR_FIELD_NUMBER: _ClassVar[int]
    APPROX_QUANTILE_FIELD_NUMBER: _ClassVar[int]
    FREQ_ITEMS_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_BY_FIELD_NUMBER: _ClassVar[int]
    CATALOG_FIELD_NUMBER: _ClassVar[int]
    ML_RELATION_FIELD_NUMBER: _ClassVar[int]
    EXTENSION_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    common: RelationCommon
    read: Read
    project: Project
    filter: Filter
    join: Join
    set_op: SetOperation
    sort: Sort
    limit: Limit
    aggregate: Aggregate
    sql: SQL
    local_relation: LocalRelation
    sample: Sample
    offset: Offset
    deduplicate: Deduplicate
    range: Range
    subquery_alias: SubqueryAlias
    repartition: Repartition
    to_df: ToDF
    with_columns_renamed: WithColumnsRenamed
    show_string: ShowString
    drop: Drop
    tail: Tail
    with_columns: WithColumns
    hint: Hint
    unpivot: Unpivot
    to_schema: ToSchema
    repartition_by_expression: RepartitionByExpression
    map_partitions: MapPartitions
    collect_metrics: CollectMetrics
    parse: Parse
    group_map: GroupMap
    co_group_map: CoGroupMap
    with_watermark: WithWatermark
    apply_in_pandas_with_state: ApplyInPandasWithState
    html_string: HtmlString
    cached_local_relation: CachedLocalRelation
    cached_remote_relation: CachedRemoteRelation
    common_inline_user_defined_table_function: CommonInlineUserDefinedTableFunction
    as_of_join: AsOfJoin
    common_inline_user_defined_data_source: CommonInlineUserDefinedDataSource
    with_relations: WithRelations
    transpose: Transpose
    unresolved_table_valued_function: UnresolvedTableValuedFunction
    lateral_join: LateralJoin
    chunked_cached_local_relation: ChunkedCachedLocalRelation
    relation_changes: RelationChanges
    nearest_by_join: NearestByJoin
    fill_na: NAFill
    drop_na: NADrop
    replace: NAReplace
    summary: StatSummary
    crosstab: StatCrosstab
    describe: StatDescribe
    cov: StatCov
    corr: StatCorr
    approx_quantile: StatApproxQuantile
    freq_items: StatFreqItems
    sample_by: StatSampleBy
    catalog: _catalog_pb2.Catalog
    ml_relation: MlRelation
    extension: _any_pb2.Any
    unknown: Unknown
    def __init__(self, common: _Optional[_Union[RelationCommon, _Mapping]] = ..., read: _Optional[_Union[Read, _Mapping]] = ..., project: _Optional[_Union[Project, _Mapping]] = ..., filter: _Optional[_Union[Filter, _Mapping]] = ..., join: _Optional[_Union[Join, _Mapping]] = ..., set_op: _Optional[_Union[SetOperation, _Mapping]] = ..., sort: _Optional[_Union[Sort, _Mapping]] = ..., limit: _Optional[_Union[Limit, _Mapping]] = ..., aggregate: _Optional[_Union[Aggregate, _Mapping]] = ..., sql: _Optional[_Union[SQL, _Mapping]] = ..., local_relation: _Optional[_Union[LocalRelation, _Mapping]] = ..., sample: _Optional[_Union[Sample, _Mapping]] = ..., offset: _Optional[_Union[Offset, _Mapping]] = ..., deduplicate: _Optional[_Union[Deduplicate, _Mapping]] = ..., range: _Optional[_Union[Range, _Mapping]] = ..., subquery_alias: _Optional[_Union[SubqueryAlias, _Mapping]] = ..., repartition: _Optional[_Union[Repartition, _Mapping]] = ..., to_df: _Optional[_Union[ToDF, _Mapping]] = ..., with_columns_renamed: _Optional[_Union[WithColumnsRenamed, _Mapping]] = ..., show_string: _Optional[_Union[ShowString, _Mapping]] = ..., drop: _Optional[_Union[Drop, _Mapping]] = ..., tail: _Optional[_Union[Tail, _Mapping]] = ..., with_columns: _Optional[_Union[WithColumns, _Mapping]] = ..., hint: _Optional[_Union[Hint, _Mapping]] = ..., unpivot: _Optional[_Union[Unpivot, _Mapping]] = ..., to_schema: _Optional[_Union[ToSchema, _Mapping]] = ..., repartition_by_expression: _Optional[_Union[RepartitionByExpression, _Mapping]] = ..., map_partitions: _Optional[_Union[MapPartitions, _Mapping]] = ..., collect_metrics: _Optional[_Union[CollectMetrics, _Mapping]] = ..., parse: _Optional[_Union[Parse, _Mapping]] = ..., group_map: _Optional[_Union[GroupMap, _Mapping]] = ..., co_group_map: _Optional[_Union[CoGroupMap, _Mapping]] = ..., with_watermark: _Optional[_Union[WithWatermark, _Mapping]] = ..., apply_in_pandas_with_state: _Optional[_Union[ApplyInPandasWithState, _Mapping]] = ..., html_string: _Optional[_Union[HtmlString, _Mapping]] = ..., cached_local_relation: _Optional[_Union[CachedLocalRelation, _Mapping]] = ..., cached_remote_relation: _Optional[_Union[CachedRemoteRelation, _Mapping]] = ..., common_inline_user_defined_table_function: _Optional[_Union[CommonInlineUserDefinedTableFunction, _Mapping]] = ..., as_of_join: _Optional[_Union[AsOfJoin, _Mapping]] = ..., common_inline_user_defined_data_source: _Optional[_Union[CommonInlineUserDefinedDataSource, _Mapping]] = ..., with_relations: _Optional[_Union[WithRelations, _Mapping]] = ..., transpose: _Optional[_Union[Transpose, _Mapping]] = ..., unresolved_table_valued_function: _Optional[_Union[UnresolvedTableValuedFunction, _Mapping]] = ..., lateral_join: _Optional[_Union[LateralJoin, _Mapping]] = ..., chunked_cached_local_relation: _Optional[_Union[ChunkedCachedLocalRelation, _Mapping]] = ..., relation_changes: _Optional[_Union[RelationChanges, _Mapping]] = ..., nearest_by_join: _Optional[_Union[NearestByJoin, _Mapping]] = ..., fill_na: _Optional[_Union[NAFill, _Mapping]] = ..., drop_na: _Optional[_Union[NADrop, _Mapping]] = ..., replace: _Optional[_Union[NAReplace, _Mapping]] = ..., summary: _Optional[_Union[StatSummary, _Mapping]] = ..., crosstab: _Optional[_Union[StatCrosstab, _Mapping]] = ..., describe: _Optional[_Union[StatDescribe, _Mapping]] = ..., cov: _Optional[_Union[StatCov, _Mapping]] = ..., corr: _Optional[_Union[StatCorr, _Mapping]] = ..., approx_quantile: _Optional[_Union[StatApproxQuantile, _Mapping]] = ..., freq_items: _Optional[_Union[StatFreqItems, _Mapping]] = ..., sample_by: _Optional[_Union[StatSampleBy, _Mapping]] = ..., catalog: _Optional[_Union[_catalog_pb2.Catalog, _Mapping]] = ..., ml_relation: _Optional[_Union[MlRelation, _Mapping]] = ..., extension: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., unknown: _Optional[_Union[Unknown, _Mapping]] = ...) -> None: ...

class MlRelation(_message.Message):
    __slots__ = ("transform", "fetch", "model_summary_dataset")
    class Transform(_message.Message):
        __slots__ = ("obj_ref", "transformer", "input", "params")
        OBJ_REF_FIELD_NUMBER: _ClassVar[int]
        TRANSFORMER_FIELD_NUMBER: _ClassVar[int]
        INPUT_FIELD_NUMBER: _ClassVar[int]
        PARAMS_FIELD_NUMBER: _ClassVar[int]
        obj_ref: _ml_common_pb2.ObjectRef
        transformer: _ml_common_pb2.MlOperator
        input: Relation
        params: _ml_common_pb2.MlParams
        def __init__(self, obj_ref: _Optional[_Union[_ml_common_pb2.ObjectRef, _Mapping]] = ..., transformer: _Optional[_Union[_ml_common_pb2.MlOperator, _Mapping]] = ..., input: _Optional[_Union[Relation, _Mapping]] = ..., params: _Optional[_Union[_ml_common_pb2.MlParams, _Mapping]] = ...) -> None: ...
    TRANSFORM_FIELD_NUMBER: _ClassVar[int]
    FETCH_FIELD_NUMBER: _ClassVar[int]
    MODEL_SUMMARY_DATASET_FIELD_NUMBER: _ClassVar[int]
    transform: MlRelation.Transform
    fetch: Fetch
    model_summary_dataset: Relation
    def __init__(self, transform: _Optional[_Union[MlRelation.Transform, _Mapping]] = ..., fetch: _Optional[_Union[Fetch, _Mapping]] = ..., model_summary_dataset: _Optional[_Union[Relation, _Mapping]] = ...) -> None: ...

class Fetch(_message.Message):
    __slots__ = ("obj_ref", "methods")
    class Method(_message.Message):
        __slots__ = ("method", "args")
        class Args(_message.Message):
            __slots__ = ("param", "input")
            PARAM_FIELD_NUMBER: _ClassVar[int]
            INPUT_FIELD_NUMBER: _ClassVar[int]
            param: _expressions_pb2.Expression.Literal
            input: Relation
            def __init__(self, param: _Optional[_Union[_expressions_pb2.Expression.Literal, _Mapping]] = ..., input: _Optional[_Union[Relation, _Mapping]] = ...) -> None: ...
        METHOD_FIELD_NUMBER: _ClassVar[int]
        ARGS_FIELD_NUMBER: _ClassVar[int]
        method: str
        args: _containers.RepeatedCompositeFieldContainer[Fetch.Method.Args]
        def __init__(self, method: _Optional[str] = ..., args: _Optional[_Iterable[_Union[Fetch.Method.Args, _Mapping]]] = ...) -> None: ...
    OBJ_REF_FIELD_NUMBER: _ClassVar[int]
    METHODS_FIELD_NUMBER: _ClassVar[int]
    obj_ref: _ml_common_pb2.ObjectRef
    methods: _containers.RepeatedCompositeFieldContainer[Fetch.Method]
    def __init__(self, obj_ref: _Optional[_Union[_ml_common_pb2.ObjectRef, _Mapping]] = ..., methods: _Optional[_Iterable[_Union[Fetch.Method, _Mapping]]] = ...) -> None: ...

class Unknown(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RelationCommon(_message.Message):
    __slots__ = ("source_info", "plan_id", "origin")
    SOURCE_INFO_FIELD_NUMBER: _ClassVar[int]
    PLAN_ID_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    source_info: str
    plan_id: int
    origin: _common_pb2.Origin
    def __init__(self, source_info: _Optional[str] = ..., plan_id: _Optional[int] = ..., origin: _Optional[_Union[_common_pb2.Origin, _Mapping]] = ...) -> None: ...

class SQL(_message.Message):
    __slots__ = ("query", "args", "pos_args", "named_arguments", "pos_arguments")
    class ArgsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _expressions_pb2.Expression.Literal
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_expressions_pb2.Expression.Literal, _Mapping]] = ...) -> None: ...
    class NamedArgumentsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _expressions_pb2.Expression
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_expressions_pb2.Expression, _Mapping]] = ...) -> None: ...
    QUERY_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    POS_ARGS_FIELD_NUMBER: _ClassVar[int]
    NAMED_ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    POS_ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    query: str
    args: _containers.MessageMap[str, _expressions_pb2.Expression.Literal]
    pos_args: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression.Literal]
    named_arguments: _containers.MessageMap[str, _expressions_pb2.Expression]
    pos_arguments: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    def __init__(self, query: _Optional[str] = ..., args: _Optional[_Mapping[str, _expressions_pb2.Expression.Literal]] = ..., pos_args: _Optional[_Iterable[_Union[_expressions_pb2.Expression.Literal, _Mapping]]] = ..., named_arguments: _Optional[_Mapping[str, _expressions_pb2.Expression]] = ..., pos_arguments: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ...) -> None: ...

class WithRelations(_message.Message):
    __slots__ = ("root", "references")
    ROOT_FIELD_NUMBER: _ClassVar[int]
    REFERENCES_FIELD_NUMBER: _ClassVar[int]
    root: Relation
    references: _containers.RepeatedCompositeFieldContainer[Relation]
    def __init__(self, root: _Optional[_Union[Relation, _Mapping]] = ..., references: _Optional[_Iterable[_Union[Relation, _Mapping]]] = ...) -> None: ...

class Read(_message.Message):
    __slots__ = ("named_table", "data_source", "is_streaming")
    class NamedTable(_message.Message):
        __slots__ = ("unparsed_identifier", "options")
        class OptionsEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: str
            def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        UNPARSED_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
        OPTIONS_FIELD_NUMBER: _ClassVar[int]
        unparsed_identifier: str
        options: _containers.ScalarMap[str, str]
        def __init__(self, unparsed_identifier: _Optional[str] = ..., options: _Optional[_Mapping[str, str]] = ...) -> None: ...
    class DataSource(_message.Message):
        __slots__ = ("format", "schema", "options", "paths", "predicates", "source_name")
        class OptionsEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: str
            def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        FORMAT_FIELD_NUMBER: _ClassVar[int]
        SCHEMA_FIELD_NUMBER: _ClassVar[int]
        OPTIONS_FIELD_NUMBER: _ClassVar[int]
        PATHS_FIELD_NUMBER: _ClassVar[int]
        PREDICATES_FIELD_NUMBER: _ClassVar[int]
        SOURCE_NAME_FIELD_NUMBER: _ClassVar[int]
        format: str
        schema: str
        options: _containers.ScalarMap[str, str]
        paths: _containers.RepeatedScalarFieldContainer[str]
        predicates: _containers.RepeatedScalarFieldContainer[str]
        source_name: str
        def __init__(self, format: _Optional[str] = ..., schema: _Optional[str] = ..., options: _Optional[_Mapping[str, str]] = ..., paths: _Optional[_Iterable[str]] = ..., predicates: _Optional[_Iterable[str]] = ..., source_name: _Optional[str] = ...) -> None: ...
    NAMED_TABLE_FIELD_NUMBER: _ClassVar[int]
    DATA_SOURCE_FIELD_NUMBER: _ClassVar[int]
    IS_STREAMING_FIELD_NUMBER: _ClassVar[int]
    named_table: Read.NamedTable
    data_source: Read.DataSource
    is_streaming: bool
    def __init__(self, named_table: _Optional[_Union[Read.NamedTable, _Mapping]] = ..., data_source: _Optional[_Union[Read.DataSource, _Mapping]] = ..., is_streaming: _Optional[bool] = ...) -> None: ...

class RelationChanges(_message.Message):
    __slots__ = ("unparsed_identifier", "options", "is_streaming")
    class OptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    UNPARSED_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    IS_STREAMING_FIELD_NUMBER: _ClassVar[int]
    unparsed_identifier: str
    options: _containers.ScalarMap[str, str]
    is_streaming: bool
    def __init__(self, unparsed_identifier: _Optional[str] = ..., options: _Optional[_Mapping[str, str]] = ..., is_streaming: _Optional[bool] = ...) -> None: ...

class Project(_message.Message):
    __slots__ = ("input", "expressions")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    EXPRESSIONS_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    expressions: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., expressions: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ...) -> None: ...

class Filter(_message.Message):
    __slots__ = ("input", "condition")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    condition: _expressions_pb2.Expression
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., condition: _Optional[_Union[_expressions_pb2.Expression, _Mapping]] = ...) -> None: ...

class Join(_message.Message):
    __slots__ = ("left", "right", "join_condition", "join_type", "using_columns", "join_data_type")
    class JoinType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        JOIN_TYPE_UNSPECIFIED: _ClassVar[Join.JoinType]
        JOIN_TYPE_INNER: _ClassVar[Join.JoinType]
        JOIN_TYPE_FULL_OUTER: _ClassVar[Join.JoinType]
        JOIN_TYPE_LEFT_OUTER: _ClassVar[Join.JoinType]
        JOIN_TYPE_RIGHT_OUTER: _ClassVar[Join.JoinType]
        JOIN_TYPE_LEFT_ANTI: _ClassVar[Join.JoinType]
        JOIN_TYPE_LEFT_SEMI: _ClassVar[Join.JoinType]
        JOIN_TYPE_CROSS: _ClassVar[Join.JoinType]
    JOIN_TYPE_UNSPECIFIED: Join.JoinType
    JOIN_TYPE_INNER: Join.JoinType
    JOIN_TYPE_FULL_OUTER: Join.JoinType
    JOIN_TYPE_LEFT_OUTER: Join.JoinType
    JOIN_TYPE_RIGHT_OUTER: Join.JoinType
    JOIN_TYPE_LEFT_ANTI: Join.JoinType
    JOIN_TYPE_LEFT_SEMI: Join.JoinType
    JOIN_TYPE_CROSS: Join.JoinType
    class JoinDataType(_message.Message):
        __slots__ = ("is_left_struct", "is_right_struct")
        IS_LEFT_STRUCT_FIELD_NUMBER: _ClassVar[int]
        IS_RIGHT_STRUCT_FIELD_NUMBER: _ClassVar[int]
        is_left_struct: bool
        is_right_struct: bool
        def __init__(self, is_left_struct: _Optional[bool] = ..., is_right_struct: _Optional[bool] = ...) -> None: ...
    LEFT_FIELD_NUMBER: _ClassVar[int]
    RIGHT_FIELD_NUMBER: _ClassVar[int]
    JOIN_CONDITION_FIELD_NUMBER: _ClassVar[int]
    JOIN_TYPE_FIELD_NUMBER: _ClassVar[int]
    USING_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    JOIN_DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
    left: Relation
    right: Relation
    join_condition: _expressions_pb2.Expression
    join_type: Join.JoinType
    using_columns: _containers.RepeatedScalarFieldContainer[str]
    join_data_type: Join.JoinDataType
    def __init__(self, left: _Optional[_Union[Relation, _Mapping]] = ..., right: _Optional[_Union[Relation, _Mapping]] = ..., join_condition: _Optional[_Union[_expressions_pb2.Expression, _Mapping]] = ..., join_type: _Optional[_Union[Join.JoinType, str]] = ..., using_columns: _Optional[_Iterable[str]] = ..., join_data_type: _Optional[_Union[Join.JoinDataType, _Mapping]] = ...) -> None: ...

class SetOperation(_message.Message):
    __slots__ = ("left_input", "right_input", "set_op_type", "is_all", "by_name", "allow_missing_columns")
    class SetOpType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SET_OP_TYPE_UNSPECIFIED: _ClassVar[SetOperation.SetOpType]
        SET_OP_TYPE_INTERSECT: _ClassVar[SetOperation.SetOpType]
        SET_OP_TYPE_UNION: _ClassVar[SetOperation.SetOpType]
        SET_OP_TYPE_EXCEPT: _ClassVar[SetOperation.SetOpType]
    SET_OP_TYPE_UNSPECIFIED: SetOperation.SetOpType
    SET_OP_TYPE_INTERSECT: SetOperation.SetOpType
    SET_OP_TYPE_UNION: SetOperation.SetOpType
    SET_OP_TYPE_EXCEPT: SetOperation.SetOpType
    LEFT_INPUT_FIELD_NUMBER: _ClassVar[int]
    RIGHT_INPUT_FIELD_NUMBER: _ClassVar[int]
    SET_OP_TYPE_FIELD_NUMBER: _ClassVar[int]
    IS_ALL_FIELD_NUMBER: _ClassVar[int]
    BY_NAME_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    left_input: Relation
    right_input: Relation
    set_op_type: SetOperation.SetOpType
    is_all: bool
    by_name: bool
    allow_missing_columns: bool
    def __init__(self, left_input: _Optional[_Union[Relation, _Mapping]] = ..., right_input: _Optional[_Union[Relation, _Mapping]] = ..., set_op_type: _Optional[_Union[SetOperation.SetOpType, str]] = ..., is_all: _Optional[bool] = ..., by_name: _Optional[bool] = ..., allow_missing_columns: _Optional[bool] = ...) -> None: ...

class Limit(_message.Message):
    __slots__ = ("input", "limit")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    limit: int
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., limit: _Optional[int] = ...) -> None: ...

class Offset(_message.Message):
    __slots__ = ("input", "offset")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    offset: int
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., offset: _Optional[int] = ...) -> None: ...

class Tail(_message.Message):
    __slots__ = ("input", "limit")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    limit: int
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., limit: _Optional[int] = ...) -> None: ...

class Aggregate(_message.Message):
    __slots__ = ("input", "group_type", "grouping_expressions", "aggregate_expressions", "pivot", "grouping_sets")
    class GroupType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        GROUP_TYPE_UNSPECIFIED: _ClassVar[Aggregate.GroupType]
        GROUP_TYPE_GROUPBY: _ClassVar[Aggregate.GroupType]
        GROUP_TYPE_ROLLUP: _ClassVar[Aggregate.GroupType]
        GROUP_TYPE_CUBE: _ClassVar[Aggregate.GroupType]
        GROUP_TYPE_PIVOT: _ClassVar[Aggregate.GroupType]
        GROUP_TYPE_GROUPING_SETS: _ClassVar[Aggregate.GroupType]
    GROUP_TYPE_UNSPECIFIED: Aggregate.GroupType
    GROUP_TYPE_GROUPBY: Aggregate.GroupType
    GROUP_TYPE_ROLLUP: Aggregate.GroupType
    GROUP_TYPE_CUBE: Aggregate.GroupType
    GROUP_TYPE_PIVOT: Aggregate.GroupType
    GROUP_TYPE_GROUPING_SETS: Aggregate.GroupType
    class Pivot(_message.Message):
        __slots__ = ("col", "values")
        COL_FIELD_NUMBER: _ClassVar[int]
        VALUES_FIELD_NUMBER: _ClassVar[int]
        col: _expressions_pb2.Expression
        values: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression.Literal]
        def __init__(self, col: _Optional[_Union[_expressions_pb2.Expression, _Mapping]] = ..., values: _Optional[_Iterable[_Union[_expressions_pb2.Expression.Literal, _Mapping]]] = ...) -> None: ...
    class GroupingSets(_message.Message):
        __slots__ = ("grouping_set",)
        GROUPING_SET_FIELD_NUMBER: _ClassVar[int]
        grouping_set: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
        def __init__(self, grouping_set: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ...) -> None: ...
    INPUT_FIELD_NUMBER: _ClassVar[int]
    GROUP_TYPE_FIELD_NUMBER: _ClassVar[int]
    GROUPING_EXPRESSIONS_FIELD_NUMBER: _ClassVar[int]
    AGGREGATE_EXPRESSIONS_FIELD_NUMBER: _ClassVar[int]
    PIVOT_FIELD_NUMBER: _ClassVar[int]
    GROUPING_SETS_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    group_type: Aggregate.GroupType
    grouping_expressions: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    aggregate_expressions: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    pivot: Aggregate.Pivot
    grouping_sets: _containers.RepeatedCompositeFieldContainer[Aggregate.GroupingSets]
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., group_type: _Optional[_Union[Aggregate.GroupType, str]] = ..., grouping_expressions: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., aggregate_expressions: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., pivot: _Optional[_Union[Aggregate.Pivot, _Mapping]] = ..., grouping_sets: _Optional[_Iterable[_Union[Aggregate.GroupingSets, _Mapping]]] = ...) -> None: ...

class Sort(_message.Message):
    __slots__ = ("input", "order", "is_global")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    IS_GLOBAL_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    order: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression.SortOrder]
    is_global: bool
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., order: _Optional[_Iterable[_Union[_expressions_pb2.Expression.SortOrder, _Mapping]]] = ..., is_global: _Optional[bool] = ...) -> None: ...

class Drop(_message.Message):
    __slots__ = ("input", "columns", "column_names")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    COLUMN_NAMES_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    columns: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    column_names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., columns: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., column_names: _Optional[_Iterable[str]] = ...) -> None: ...

class Deduplicate(_message.Message):
    __slots__ = ("input", "column_names", "all_columns_as_keys", "within_watermark")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    COLUMN_NAMES_FIELD_NUMBER: _ClassVar[int]
    ALL_COLUMNS_AS_KEYS_FIELD_NUMBER: _ClassVar[int]
    WITHIN_WATERMARK_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    column_names: _containers.RepeatedScalarFieldContainer[str]
    all_columns_as_keys: bool
    within_watermark: bool
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., column_names: _Optional[_Iterable[str]] = ..., all_columns_as_keys: _Optional[bool] = ..., within_watermark: _Optional[bool] = ...) -> None: ...

class LocalRelation(_message.Message):
    __slots__ = ("data", "schema")
    DATA_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    schema: str
    def __init__(self, data: _Optional[bytes] = ..., schema: _Optional[str] = ...) -> None: ...

class CachedLocalRelation(_message.Message):
    __slots__ = ("hash",)
    HASH_FIELD_NUMBER: _ClassVar[int]
    hash: str
    def __init__(self, hash: _Optional[str] = ...) -> None: ...

class ChunkedCachedLocalRelation(_message.Message):
    __slots__ = ("dataHashes", "schemaHash")
    DATAHASHES_FIELD_NUMBER: _ClassVar[int]
    SCHEMAHASH_FIELD_NUMBER: _ClassVar[int]
    dataHashes: _containers.RepeatedScalarFieldContainer[str]
    schemaHash: str
    def __init__(self, dataHashes: _Optional[_Iterable[str]] = ..., schemaHash: _Optional[str] = ...) -> None: ...

class CachedRemoteRelation(_message.Message):
    __slots__ = ("relation_id",)
    RELATION_ID_FIELD_NUMBER: _ClassVar[int]
    relation_id: str
    def __init__(self, relation_id: _Optional[str] = ...) -> None: ...

class Sample(_message.Message):
    __slots__ = ("input", "lower_bound", "upper_bound", "with_replacement", "seed", "deterministic_order")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    LOWER_BOUND_FIELD_NUMBER: _ClassVar[int]
    UPPER_BOUND_FIELD_NUMBER: _ClassVar[int]
    WITH_REPLACEMENT_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    DETERMINISTIC_ORDER_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    lower_bound: float
    upper_bound: float
    with_replacement: bool
    seed: int
    deterministic_order: bool
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., lower_bound: _Optional[float] = ..., upper_bound: _Optional[float] = ..., with_replacement: _Optional[bool] = ..., seed: _Optional[int] = ..., deterministic_order: _Optional[bool] = ...) -> None: ...

class Range(_message.Message):
    __slots__ = ("start", "end", "step", "num_partitions")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    NUM_PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    start: int
    end: int
    step: int
    num_partitions: int
    def __init__(self, start: _Optional[int] = ..., end: _Optional[int] = ..., step: _Optional[int] = ..., num_partitions: _Optional[int] = ...) -> None: ...

class SubqueryAlias(_message.Message):
    __slots__ = ("input", "alias", "qualifier")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    QUALIFIER_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    alias: str
    qualifier: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., alias: _Optional[str] = ..., qualifier: _Optional[_Iterable[str]] = ...) -> None: ...

class Repartition(_message.Message):
    __slots__ = ("input", "num_partitions", "shuffle")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    NUM_PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    SHUFFLE_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    num_partitions: int
    shuffle: bool
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., num_partitions: _Optional[int] = ..., shuffle: _Optional[bool] = ...) -> None: ...

class ShowString(_message.Message):
    __slots__ = ("input", "num_rows", "truncate", "vertical")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    NUM_ROWS_FIELD_NUMBER: _ClassVar[int]
    TRUNCATE_FIELD_NUMBER: _ClassVar[int]
    VERTICAL_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    num_rows: int
    truncate: int
    vertical: bool
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., num_rows: _Optional[int] = ..., truncate: _Optional[int] = ..., vertical: _Optional[bool] = ...) -> None: ...

class HtmlString(_message.Message):
    __slots__ = ("input", "num_rows", "truncate")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    NUM_ROWS_FIELD_NUMBER: _ClassVar[int]
    TRUNCATE_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    num_rows: int
    truncate: int
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., num_rows: _Optional[int] = ..., truncate: _Optional[int] = ...) -> None: ...

class StatSummary(_message.Message):
    __slots__ = ("input", "statistics")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    STATISTICS_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    statistics: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., statistics: _Optional[_Iterable[str]] = ...) -> None: ...

class StatDescribe(_message.Message):
    __slots__ = ("input", "cols")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    COLS_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    cols: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., cols: _Optional[_Iterable[str]] = ...) -> None: ...

class StatCrosstab(_message.Message):
    __slots__ = ("input", "col1", "col2")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    COL1_FIELD_NUMBER: _ClassVar[int]
    COL2_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    col1: str
    col2: str
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., col1: _Optional[str] = ..., col2: _Optional[str] = ...) -> None: ...

class StatCov(_message.Message):
    __slots__ = ("input", "col1", "col2")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    COL1_FIELD_NUMBER: _ClassVar[int]
    COL2_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    col1: str
    col2: str
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., col1: _Optional[str] = ..., col2: _Optional[str] = ...) -> None: ...

class StatCorr(_message.Message):
    __slots__ = ("input", "col1", "col2", "method")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    COL1_FIELD_NUMBER: _ClassVar[int]
    COL2_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    col1: str
    col2: str
    method: str
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., col1: _Optional[str] = ..., col2: _Optional[str] = ..., method: _Optional[str] = ...) -> None: ...

class StatApproxQuantile(_message.Message):
    __slots__ = ("input", "cols", "probabilities", "relative_error")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    COLS_FIELD_NUMBER: _ClassVar[int]
    PROBABILITIES_FIELD_NUMBER: _ClassVar[int]
    RELATIVE_ERROR_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    cols: _containers.RepeatedScalarFieldContainer[str]
    probabilities: _containers.RepeatedScalarFieldContainer[float]
    relative_error: float
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., cols: _Optional[_Iterable[str]] = ..., probabilities: _Optional[_Iterable[float]] = ..., relative_error: _Optional[float] = ...) -> None: ...

class StatFreqItems(_message.Message):
    __slots__ = ("input", "cols", "support")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    COLS_FIELD_NUMBER: _ClassVar[int]
    SUPPORT_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    cols: _containers.RepeatedScalarFieldContainer[str]
    support: float
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., cols: _Optional[_Iterable[str]] = ..., support: _Optional[float] = ...) -> None: ...

class StatSampleBy(_message.Message):
    __slots__ = ("input", "col", "fractions", "seed")
    class Fraction(_message.Message):
        __slots__ = ("stratum", "fraction")
        STRATUM_FIELD_NUMBER: _ClassVar[int]
        FRACTION_FIELD_NUMBER: _ClassVar[int]
        stratum: _expressions_pb2.Expression.Literal
        fraction: float
        def __init__(self, stratum: _Optional[_Union[_expressions_pb2.Expression.Literal, _Mapping]] = ..., fraction: _Optional[float] = ...) -> None: ...
    INPUT_FIELD_NUMBER: _ClassVar[int]
    COL_FIELD_NUMBER: _ClassVar[int]
    FRACTIONS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    col: _expressions_pb2.Expression
    fractions: _containers.RepeatedCompositeFieldContainer[StatSampleBy.Fraction]
    seed: int
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., col: _Optional[_Union[_expressions_pb2.Expression, _Mapping]] = ..., fractions: _Optional[_Iterable[_Union[StatSampleBy.Fraction, _Mapping]]] = ..., seed: _Optional[int] = ...) -> None: ...

class NAFill(_message.Message):
    __slots__ = ("input", "cols", "values")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    COLS_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    cols: _containers.RepeatedScalarFieldContainer[str]
    values: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression.Literal]
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., cols: _Optional[_Iterable[str]] = ..., values: _Optional[_Iterable[_Union[_expressions_pb2.Expression.Literal, _Mapping]]] = ...) -> None: ...

class NADrop(_message.Message):
    __slots__ = ("input", "cols", "min_non_nulls")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    COLS_FIELD_NUMBER: _ClassVar[int]
    MIN_NON_NULLS_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    cols: _containers.RepeatedScalarFieldContainer[str]
    min_non_nulls: int
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., cols: _Optional[_Iterable[str]] = ..., min_non_nulls: _Optional[int] = ...) -> None: ...

class NAReplace(_message.Message):
    __slots__ = ("input", "cols", "replacements")
    class Replacement(_message.Message):
        __slots__ = ("old_value", "new_value")
        OLD_VALUE_FIELD_NUMBER: _ClassVar[int]
        NEW_VALUE_FIELD_NUMBER: _ClassVar[int]
        old_value: _expressions_pb2.Expression.Literal
        new_value: _expressions_pb2.Expression.Literal
        def __init__(self, old_value: _Optional[_Union[_expressions_pb2.Expression.Literal, _Mapping]] = ..., new_value: _Optional[_Union[_expressions_pb2.Expression.Literal, _Mapping]] = ...) -> None: ...
    INPUT_FIELD_NUMBER: _ClassVar[int]
    COLS_FIELD_NUMBER: _ClassVar[int]
    REPLACEMENTS_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    cols: _containers.RepeatedScalarFieldContainer[str]
    replacements: _containers.RepeatedCompositeFieldContainer[NAReplace.Replacement]
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., cols: _Optional[_Iterable[str]] = ..., replacements: _Optional[_Iterable[_Union[NAReplace.Replacement, _Mapping]]] = ...) -> None: ...

class ToDF(_message.Message):
    __slots__ = ("input", "column_names")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    COLUMN_NAMES_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    column_names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., column_names: _Optional[_Iterable[str]] = ...) -> None: ...

class WithColumnsRenamed(_message.Message):
    __slots__ = ("input", "rename_columns_map", "renames")
    class RenameColumnsMapEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class Rename(_message.Message):
        __slots__ = ("col_name", "new_col_name")
        COL_NAME_FIELD_NUMBER: _ClassVar[int]
        NEW_COL_NAME_FIELD_NUMBER: _ClassVar[int]
        col_name: str
        new_col_name: str
        def __init__(self, col_name: _Optional[str] = ..., new_col_name: _Optional[str] = ...) -> None: ...
    INPUT_FIELD_NUMBER: _ClassVar[int]
    RENAME_COLUMNS_MAP_FIELD_NUMBER: _ClassVar[int]
    RENAMES_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    rename_columns_map: _containers.ScalarMap[str, str]
    renames: _containers.RepeatedCompositeFieldContainer[WithColumnsRenamed.Rename]
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., rename_columns_map: _Optional[_Mapping[str, str]] = ..., renames: _Optional[_Iterable[_Union[WithColumnsRenamed.Rename, _Mapping]]] = ...) -> None: ...

class WithColumns(_message.Message):
    __slots__ = ("input", "aliases")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    aliases: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression.Alias]
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., aliases: _Optional[_Iterable[_Union[_expressions_pb2.Expression.Alias, _Mapping]]] = ...) -> None: ...

class WithWatermark(_message.Message):
    __slots__ = ("input", "event_time", "delay_threshold")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    DELAY_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    event_time: str
    delay_threshold: str
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., event_time: _Optional[str] = ..., delay_threshold: _Optional[str] = ...) -> None: ...

class Hint(_message.Message):
    __slots__ = ("input", "name", "parameters")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    name: str
    parameters: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., name: _Optional[str] = ..., parameters: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ...) -> None: ...

class Unpivot(_message.Message):
    __slots__ = ("input", "ids", "values", "variable_column_name", "value_column_name")
    class Values(_message.Message):
        __slots__ = ("values",)
        VALUES_FIELD_NUMBER: _ClassVar[int]
        values: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
        def __init__(self, values: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ...) -> None: ...
    INPUT_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    VARIABLE_COLUMN_NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_COLUMN_NAME_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    ids: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    values: Unpivot.Values
    variable_column_name: str
    value_column_name: str
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., ids: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., values: _Optional[_Union[Unpivot.Values, _Mapping]] = ..., variable_column_name: _Optional[str] = ..., value_column_name: _Optional[str] = ...) -> None: ...

class Transpose(_message.Message):
    __slots__ = ("input", "index_columns")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    INDEX_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    index_columns: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., index_columns: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ...) -> None: ...

class UnresolvedTableValuedFunction(_message.Message):
    __slots__ = ("function_name", "arguments")
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    function_name: str
    arguments: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    def __init__(self, function_name: _Optional[str] = ..., arguments: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ...) -> None: ...

class ToSchema(_message.Message):
    __slots__ = ("input", "schema")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    schema: _types_pb2.DataType
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., schema: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ...) -> None: ...

class RepartitionByExpression(_message.Message):
    __slots__ = ("input", "partition_exprs", "num_partitions")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    PARTITION_EXPRS_FIELD_NUMBER: _ClassVar[int]
    NUM_PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    partition_exprs: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    num_partitions: int
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., partition_exprs: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., num_partitions: _Optional[int] = ...) -> None: ...

class MapPartitions(_message.Message):
    __slots__ = ("input", "func", "is_barrier", "profile_id")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    FUNC_FIELD_NUMBER: _ClassVar[int]
    IS_BARRIER_FIELD_NUMBER: _ClassVar[int]
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    func: _expressions_pb2.CommonInlineUserDefinedFunction
    is_barrier: bool
    profile_id: int
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., func: _Optional[_Union[_expressions_pb2.CommonInlineUserDefinedFunction, _Mapping]] = ..., is_barrier: _Optional[bool] = ..., profile_id: _Optional[int] = ...) -> None: ...

class GroupMap(_message.Message):
    __slots__ = ("input", "grouping_expressions", "func", "sorting_expressions", "initial_input", "initial_grouping_expressions", "is_map_groups_with_state", "output_mode", "timeout_conf", "state_schema", "transform_with_state_info")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    GROUPING_EXPRESSIONS_FIELD_NUMBER: _ClassVar[int]
    FUNC_FIELD_NUMBER: _ClassVar[int]
    SORTING_EXPRESSIONS_FIELD_NUMBER: _ClassVar[int]
    INITIAL_INPUT_FIELD_NUMBER: _ClassVar[int]
    INITIAL_GROUPING_EXPRESSIONS_FIELD_NUMBER: _ClassVar[int]
    IS_MAP_GROUPS_WITH_STATE_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_MODE_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_CONF_FIELD_NUMBER: _ClassVar[int]
    STATE_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    TRANSFORM_WITH_STATE_INFO_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    grouping_expressions: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    func: _expressions_pb2.CommonInlineUserDefinedFunction
    sorting_expressions: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    initial_input: Relation
    initial_grouping_expressions: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    is_map_groups_with_state: bool
    output_mode: str
    timeout_conf: str
    state_schema: _types_pb2.DataType
    transform_with_state_info: TransformWithStateInfo
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., grouping_expressions: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., func: _Optional[_Union[_expressions_pb2.CommonInlineUserDefinedFunction, _Mapping]] = ..., sorting_expressions: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., initial_input: _Optional[_Union[Relation, _Mapping]] = ..., initial_grouping_expressions: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., is_map_groups_with_state: _Optional[bool] = ..., output_mode: _Optional[str] = ..., timeout_conf: _Optional[str] = ..., state_schema: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ..., transform_with_state_info: _Optional[_Union[TransformWithStateInfo, _Mapping]] = ...) -> None: ...

class TransformWithStateInfo(_message.Message):
    __slots__ = ("time_mode", "event_time_column_name", "output_schema")
    TIME_MODE_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_COLUMN_NAME_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    time_mode: str
    event_time_column_name: str
    output_schema: _types_pb2.DataType
    def __init__(self, time_mode: _Optional[str] = ..., event_time_column_name: _Optional[str] = ..., output_schema: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ...) -> None: ...

class CoGroupMap(_message.Message):
    __slots__ = ("input", "input_grouping_expressions", "other", "other_grouping_expressions", "func", "input_sorting_expressions", "other_sorting_expressions")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    INPUT_GROUPING_EXPRESSIONS_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    OTHER_GROUPING_EXPRESSIONS_FIELD_NUMBER: _ClassVar[int]
    FUNC_FIELD_NUMBER: _ClassVar[int]
    INPUT_SORTING_EXPRESSIONS_FIELD_NUMBER: _ClassVar[int]
    OTHER_SORTING_EXPRESSIONS_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    input_grouping_expressions: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    other: Relation
    other_grouping_expressions: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    func: _expressions_pb2.CommonInlineUserDefinedFunction
    input_sorting_expressions: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    other_sorting_expressions: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., input_grouping_expressions: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., other: _Optional[_Union[Relation, _Mapping]] = ..., other_grouping_expressions: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., func: _Optional[_Union[_expressions_pb2.CommonInlineUserDefinedFunction, _Mapping]] = ..., input_sorting_expressions: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., other_sorting_expressions: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ...) -> None: ...

class ApplyInPandasWithState(_message.Message):
    __slots__ = ("input", "grouping_expressions", "func", "output_schema", "state_schema", "output_mode", "timeout_conf")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    GROUPING_EXPRESSIONS_FIELD_NUMBER: _ClassVar[int]
    FUNC_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    STATE_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_MODE_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_CONF_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    grouping_expressions: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    func: _expressions_pb2.CommonInlineUserDefinedFunction
    output_schema: str
    state_schema: str
    output_mode: str
    timeout_conf: str
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., grouping_expressions: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., func: _Optional[_Union[_expressions_pb2.CommonInlineUserDefinedFunction, _Mapping]] = ..., output_schema: _Optional[str] = ..., state_schema: _Optional[str] = ..., output_mode: _Optional[str] = ..., timeout_conf: _Optional[str] = ...) -> None: ...

class CommonInlineUserDefinedTableFunction(_message.Message):
    __slots__ = ("function_name", "deterministic", "arguments", "python_udtf")
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    DETERMINISTIC_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    PYTHON_UDTF_FIELD_NUMBER: _ClassVar[int]
    function_name: str
    deterministic: bool
    arguments: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    python_udtf: PythonUDTF
    def __init__(self, function_name: _Optional[str] = ..., deterministic: _Optional[bool] = ..., arguments: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., python_udtf: _Optional[_Union[PythonUDTF, _Mapping]] = ...) -> None: ...

class PythonUDTF(_message.Message):
    __slots__ = ("return_type", "eval_type", "command", "python_ver")
    RETURN_TYPE_FIELD_NUMBER: _ClassVar[int]
    EVAL_TYPE_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    PYTHON_VER_FIELD_NUMBER: _ClassVar[int]
    return_type: _types_pb2.DataType
    eval_type: int
    command: bytes
    python_ver: str
    def __init__(self, return_type: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ..., eval_type: _Optional[int] = ..., command: _Optional[bytes] = ..., python_ver: _Optional[str] = ...) -> None: ...

class CommonInlineUserDefinedDataSource(_message.Message):
    __slots__ = ("name", "python_data_source")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PYTHON_DATA_SOURCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    python_data_source: PythonDataSource
    def __init__(self, name: _Optional[str] = ..., python_data_source: _Optional[_Union[PythonDataSource, _Mapping]] = ...) -> None: ...

class PythonDataSource(_message.Message):
    __slots__ = ("command", "python_ver")
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    PYTHON_VER_FIELD_NUMBER: _ClassVar[int]
    command: bytes
    python_ver: str
    def __init__(self, command: _Optional[bytes] = ..., python_ver: _Optional[str] = ...) -> None: ...

class CollectMetrics(_message.Message):
    __slots__ = ("input", "name", "metrics")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    name: str
    metrics: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., name: _Optional[str] = ..., metrics: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ...) -> None: ...

class Parse(_message.Message):
    __slots__ = ("input", "format", "schema", "options")
    class ParseFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        PARSE_FORMAT_UNSPECIFIED: _ClassVar[Parse.ParseFormat]
        PARSE_FORMAT_CSV: _ClassVar[Parse.ParseFormat]
        PARSE_FORMAT_JSON: _ClassVar[Parse.ParseFormat]
        PARSE_FORMAT_XML: _ClassVar[Parse.ParseFormat]
    PARSE_FORMAT_UNSPECIFIED: Parse.ParseFormat
    PARSE_FORMAT_CSV: Parse.ParseFormat
    PARSE_FORMAT_JSON: Parse.ParseFormat
    PARSE_FORMAT_XML: Parse.ParseFormat
    class OptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    INPUT_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    input: Relation
    format: Parse.ParseFormat
    schema: _types_pb2.DataType
    options: _containers.ScalarMap[str, str]
    def __init__(self, input: _Optional[_Union[Relation, _Mapping]] = ..., format: _Optional[_Union[Parse.ParseFormat, str]] = ..., schema: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ..., options: _Optional[_Mapping[str, str]] = ...) -> None: ...

class AsOfJoin(_message.Message):
    __slots__ = ("left", "right", "left_as_of", "right_as_of", "join_expr", "using_columns", "join_type", "tolerance", "allow_exact_matches", "direction")
    LEFT_FIELD_NUMBER: _ClassVar[int]
    RIGHT_FIELD_NUMBER: _ClassVar[int]
    LEFT_AS_OF_FIELD_NUMBER: _ClassVar[int]
    RIGHT_AS_OF_FIELD_NUMBER: _ClassVar[int]
    JOIN_EXPR_FIELD_NUMBER: _ClassVar[int]
    USING_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    JOIN_TYPE_FIELD_NUMBER: _ClassVar[int]
    TOLERANCE_FIELD_NUMBER: _ClassVar[int]
    ALLOW_EXACT_MATCHES_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    left: Relation
    right: Relation
    left_as_of: _expressions_pb2.Expression
    right_as_of: _expressions_pb2.Expression
    join_expr: _expressions_pb2.Expression
    using_columns: _containers.RepeatedScalarFieldContainer[str]
    join_type: str
    tolerance: _expressions_pb2.Expression
    allow_exact_matches: bool
    direction: str
    def __init__(self, left: _Optional[_Union[Relation, _Mapping]] = ..., right: _Optional[_Union[Relation, _Mapping]] = ..., left_as_of: _Optional[_Union[_expressions_pb2.Expression, _Mapping]] = ..., right_as_of: _Optional[_Union[_expressions_pb2.Expression, _Mapping]] = ..., join_expr: _Optional[_Union[_expressions_pb2.Expression, _Mapping]] = ..., using_columns: _Optional[_Iterable[str]] = ..., join_type: _Optional[str] = ..., tolerance: _Optional[_Union[_expressions_pb2.Expression, _Mapping]] = ..., allow_exact_matches: _Optional[bool] = ..., direction: _Optional[str] = ...) -> None: ...

class LateralJoin(_message.Message):
    __slots__ = ("left", "right", "join_condition", "join_type")
    LEFT_FIELD_NUMBER: _ClassVar[int]
    RIGHT_FIELD_NUMBER: _ClassVar[int]
    JOIN_CONDITION_FIELD_NUMBER: _ClassVar[int]
    JOIN_TYPE_FIELD_NUMBER: _ClassVar[int]
    left: Relation
    right: Relation
    join_condition: _expressions_pb2.Expression
    join_type: Join.JoinType
    def __init__(self, left: _Optional[_Union[Relation, _Mapping]] = ..., right: _Optional[_Union[Relation, _Mapping]] = ..., join_condition: _Optional[_Union[_expressions_pb2.Expression, _Mapping]] = ..., join_type: _Optional[_Union[Join.JoinType, str]] = ...) -> None: ...

class NearestByJoin(_message.Message):
    __slots__ = ("left", "right", "ranking_expression", "num_results", "join_type", "mode", "direction")
    LEFT_FIELD_NUMBER: _ClassVar[int]
    RIGHT_FIELD_NUMBER: _ClassVar[int]
    RANKING_EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    NUM_RESULTS_FIELD_NUMBER: _ClassVar[int]
    JOIN_TYPE_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    left: Relation
    right: Relation
    ranking_expression: _expressions_pb2.Expression
    num_results: int
    join_type: str
    mode: str
    direction: str
    def __init__(self, left: _Optional[_Union[Relation, _Mapping]] = ..., right: _Optional[_Union[Relation, _Mapping]] = ..., ranking_expression: _Optional[_Union[_expressions_pb2.Expression, _Mapping]] = ..., num_results: _Optional[int] = ..., join_type: _Optional[str] = ..., mode: _Optional[str] = ..., direction: _Optional[str] = ...) -> None: ...
