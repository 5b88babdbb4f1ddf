"""Where the other side of an HTTP job answers."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import ApiView
from executions.callbacks import receive_answer
from executions.serializers.callbacks import CallbackAnswer


class CallbackReceiver(ApiView):
    """``/api/callbacks/{token}``: who knows the token may answer; it takes no account."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(request=CallbackAnswer, responses={204: None})
    def post(self, request: Request, token: str) -> Response:
        """Say how the request of an HTTP job has ended.

        The address comes with the request, in the header `X-Scheduler-Callback-Url`. It takes one
        answer, and none once the execution has ended.
        """
        body = CallbackAnswer(data=request.data)
        body.is_valid(raise_exception=True)
        receive_answer(token=token, answer=body.validated_data)
        return Response(status=204)
