from engine.spark.proto import expressions_pb2 as _expressions_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MlParams(_message.Message):
    __slots__ = ("params",)
    class ParamsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _expressions_pb2.Expression.Literal
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_expressions_pb2.Expression.Literal, _Mapping]] = ...) -> None: ...
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    params: _containers.MessageMap[str, _expressions_pb2.Expression.Literal]
    def __init__(self, params: _Optional[_Mapping[str, _expressions_pb2.Expression.Literal]] = ...) -> None: ...

class MlOperator(_message.Message):
    __slots__ = ("name", "uid", "type")
    class OperatorType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        OPERATOR_TYPE_UNSPECIFIED: _ClassVar[MlOperator.OperatorType]
        OPERATOR_TYPE_ESTIMATOR: _ClassVar[MlOperator.OperatorType]
        OPERATOR_TYPE_TRANSFORMER: _ClassVar[MlOperator.OperatorType]
        OPERATOR_TYPE_EVALUATOR: _ClassVar[MlOperator.OperatorType]
        OPERATOR_TYPE_MODEL: _ClassVar[MlOperator.OperatorType]
    OPERATOR_TYPE_UNSPECIFIED: MlOperator.OperatorType
    OPERATOR_TYPE_ESTIMATOR: MlOperator.OperatorType
    OPERATOR_TYPE_TRANSFORMER: MlOperator.OperatorType
    OPERATOR_TYPE_EVALUATOR: MlOperator.OperatorType
    OPERATOR_TYPE_MODEL: MlOperator.OperatorType
    NAME_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    name: str
    uid: str
    type: MlOperator.OperatorType
    def __init__(self, name: _Optional[str] = ..., uid: _Optional[str] = ..., type: _Optional[_Union[MlOperator.OperatorType, str]] = ...) -> None: ...

class ObjectRef(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...
