from engine.spark.proto import relations_pb2 as _relations_pb2
from engine.spark.proto import expressions_pb2 as _expressions_pb2
from engine.spark.proto import ml_common_pb2 as _ml_common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MlCommand(_message.Message):
    __slots__ = ("fit", "fetch", "delete", "write", "read", "evaluate", "clean_cache", "get_cache_info", "create_summary", "get_model_size")
    class Fit(_message.Message):
        __slots__ = ("estimator", "params", "dataset")
        ESTIMATOR_FIELD_NUMBER: _ClassVar[int]
        PARAMS_FIELD_NUMBER: _ClassVar[int]
        DATASET_FIELD_NUMBER: _ClassVar[int]
        estimator: _ml_common_pb2.MlOperator
        params: _ml_common_pb2.MlParams
        dataset: _relations_pb2.Relation
        def __init__(self, estimator: _Optional[_Union[_ml_common_pb2.MlOperator, _Mapping]] = ..., params: _Optional[_Union[_ml_common_pb2.MlParams, _Mapping]] = ..., dataset: _Optional[_Union[_relations_pb2.Relation, _Mapping]] = ...) -> None: ...
    class Delete(_message.Message):
        __slots__ = ("obj_refs", "evict_only")
        OBJ_REFS_FIELD_NUMBER: _ClassVar[int]
        EVICT_ONLY_FIELD_NUMBER: _ClassVar[int]
        obj_refs: _containers.RepeatedCompositeFieldContainer[_ml_common_pb2.ObjectRef]
        evict_only: bool
        def __init__(self, obj_refs: _Optional[_Iterable[_Union[_ml_common_pb2.ObjectRef, _Mapping]]] = ..., evict_only: _Optional[bool] = ...) -> None: ...
    class CleanCache(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class GetCacheInfo(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class Write(_message.Message):
        __slots__ = ("operator", "obj_ref", "params", "path", "should_overwrite", "options")
        class OptionsEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: str
            def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        OPERATOR_FIELD_NUMBER: _ClassVar[int]
        OBJ_REF_FIELD_NUMBER: _ClassVar[int]
        PARAMS_FIELD_NUMBER: _ClassVar[int]
        PATH_FIELD_NUMBER: _ClassVar[int]
        SHOULD_OVERWRITE_FIELD_NUMBER: _ClassVar[int]
        OPTIONS_FIELD_NUMBER: _ClassVar[int]
        operator: _ml_common_pb2.MlOperator
        obj_ref: _ml_common_pb2.ObjectRef
        params: _ml_common_pb2.MlParams
        path: str
        should_overwrite: bool
        options: _containers.ScalarMap[str, str]
        def __init__(self, operator: _Optional[_Union[_ml_common_pb2.MlOperator, _Mapping]] = ..., obj_ref: _Optional[_Union[_ml_common_pb2.ObjectRef, _Mapping]] = ..., params: _Optional[_Union[_ml_common_pb2.MlParams, _Mapping]] = ..., path: _Optional[str] = ..., should_overwrite: _Optional[bool] = ..., options: _Optional[_Mapping[str, str]] = ...) -> None: ...
    class Read(_message.Message):
        __slots__ = ("operator", "path")
        OPERATOR_FIELD_NUMBER: _ClassVar[int]
        PATH_FIELD_NUMBER: _ClassVar[int]
        operator: _ml_common_pb2.MlOperator
        path: str
        def __init__(self, operator: _Optional[_Union[_ml_common_pb2.MlOperator, _Mapping]] = ..., path: _Optional[str] = ...) -> None: ...
    class Evaluate(_message.Message):
        __slots__ = ("evaluator", "params", "dataset")
        EVALUATOR_FIELD_NUMBER: _ClassVar[int]
        PARAMS_FIELD_NUMBER: _ClassVar[int]
        DATASET_FIELD_NUMBER: _ClassVar[int]
        evaluator: _ml_common_pb2.MlOperator
        params: _ml_common_pb2.MlParams
        dataset: _relations_pb2.Relation
        def __init__(self, evaluator: _Optional[_Union[_ml_common_pb2.MlOperator, _Mapping]] = ..., params: _Optional[_Union[_ml_common_pb2.MlParams, _Mapping]] = ..., dataset: _Optional[_Union[_relations_pb2.Relation, _Mapping]] = ...) -> None: ...
    class CreateSummary(_message.Message):
        __slots__ = ("model_ref", "dataset")
        MODEL_REF_FIELD_NUMBER: _ClassVar[int]
        DATASET_FIELD_NUMBER: _ClassVar[int]
        model_ref: _ml_common_pb2.ObjectRef
        dataset: _relations_pb2.Relation
        def __init__(self, model_ref: _Optional[_Union[_ml_common_pb2.ObjectRef, _Mapping]] = ..., dataset: _Optional[_Union[_relations_pb2.Relation, _Mapping]] = ...) -> None: ...
    class GetModelSize(_message.Message):
        __slots__ = ("model_ref",)
        MODEL_REF_FIELD_NUMBER: _ClassVar[int]
        model_ref: _ml_common_pb2.ObjectRef
        def __init__(self, model_ref: _Optional[_Union[_ml_common_pb2.ObjectRef, _Mapping]] = ...) -> None: ...
    FIT_FIELD_NUMBER: _ClassVar[int]
    FETCH_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    WRITE_FIELD_NUMBER: _ClassVar[int]
    READ_FIELD_NUMBER: _ClassVar[int]
    EVALUATE_FIELD_NUMBER: _ClassVar[int]
    CLEAN_CACHE_FIELD_NUMBER: _ClassVar[int]
    GET_CACHE_INFO_FIELD_NUMBER: _ClassVar[int]
    CREATE_SUMMARY_FIELD_NUMBER: _ClassVar[int]
    GET_MODEL_SIZE_FIELD_NUMBER: _ClassVar[int]
    fit: MlCommand.Fit
    fetch: _relations_pb2.Fetch
    delete: MlCommand.Delete
    write: MlCommand.Write
    read: MlCommand.Read
    evaluate: MlCommand.Evaluate
    clean_cache: MlCommand.CleanCache
    get_cache_info: MlCommand.GetCacheInfo
    create_summary: MlCommand.CreateSummary
    get_model_size: MlCommand.GetModelSize
    def __init__(self, fit: _Optional[_Union[MlCommand.Fit, _Mapping]] = ..., fetch: _Optional[_Union[_relations_pb2.Fetch, _Mapping]] = ..., delete: _Optional[_Union[MlCommand.Delete, _Mapping]] = ..., write: _Optional[_Union[MlCommand.Write, _Mapping]] = ..., read: _Optional[_Union[MlCommand.Read, _Mapping]] = ..., evaluate: _Optional[_Union[MlCommand.Evaluate, _Mapping]] = ..., clean_cache: _Optional[_Union[MlCommand.CleanCache, _Mapping]] = ..., get_cache_info: _Optional[_Union[MlCommand.GetCacheInfo, _Mapping]] = ..., create_summary: _Optional[_Union[MlCommand.CreateSummary, _Mapping]] = ..., get_model_size: _Optional[_Union[MlCommand.GetModelSize, _Mapping]] = ...) -> None: ...

class MlCommandResult(_message.Message):
    __slots__ = ("param", "summary", "operator_info")
    class MlOperatorInfo(_message.Message):
        __slots__ = ("obj_ref", "name", "uid", "params", "warning_message")
        OBJ_REF_FIELD_NUMBER: _ClassVar[int]
        NAME_FIELD_NUMBER: _ClassVar[int]
        UID_FIELD_NUMBER: _ClassVar[int]
        PARAMS_FIELD_NUMBER: _ClassVar[int]
        WARNING_MESSAGE_FIELD_NUMBER: _ClassVar[int]
        obj_ref: _ml_common_pb2.ObjectRef
        name: str
        uid: str
        params: _ml_common_pb2.MlParams
        warning_message: str
        def __init__(self, obj_ref: _Optional[_Union[_ml_common_pb2.ObjectRef, _Mapping]] = ..., name: _Optional[str] = ..., uid: _Optional[str] = ..., params: _Optional[_Union[_ml_common_pb2.MlParams, _Mapping]] = ..., warning_message: _Optional[str] = ...) -> None: ...
    PARAM_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_INFO_FIELD_NUMBER: _ClassVar[int]
    param: _expressions_pb2.Expression.Literal
    summary: str
    operator_info: MlCommandResult.MlOperatorInfo
    def __init__(self, param: _Optional[_Union[_expressions_pb2.Expression.Literal, _Mapping]] = ..., summary: _Optional[str] = ..., operator_info: _Optional[_Union[MlCommandResult.MlOperatorInfo, _Mapping]] = ...) -> None: ...
